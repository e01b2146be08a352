package csidriver

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kubernetes-csi/csi-test/v5/pkg/sanity"
)

// The driver is a good one by the conformance tests of Kubernetes' CSI community.
func TestSanity(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: the driver mounts")
	}
	dir := t.TempDir()
	d, err := New(Options{Dir: filepath.Join(dir, "state")})
	if err != nil {
		t.Fatal(err)
	}
	sock := filepath.Join(dir, "csi.sock")
	stop, err := d.Serve(sock)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	c := sanity.NewTestConfig()
	c.Address = "unix:" + sock
	c.TargetPath = filepath.Join(dir, "target")
	c.StagingPath = filepath.Join(dir, "staging")
	c.TestVolumeSize = 32 << 20
	c.TestNodeVolumeAttachLimit = false
	sanity.Test(t, c)
	if v := Volumes(filepath.Join(dir, "state")); len(v) != 0 {
		t.Errorf("volumes are left: %v", v)
	}
}
