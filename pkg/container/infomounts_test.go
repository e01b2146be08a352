package container

import (
	"path/filepath"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// TestInfoMounts: inspect tells the driver that a volume has, and of one that is gone
// the usual one.
func TestInfoMounts(t *testing.T) {
	s, err := store.Open(filepath.Join(t.TempDir(), "root"), filepath.Join(t.TempDir(), "run"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CreateVolume(&record.Volume{Name: "v1", Driver: "csi:unix:///run/x.sock"}); err != nil {
		t.Fatal(err)
	}
	c := &record.Container{Mounts: []record.Mount{
		{Type: "volume", Name: "v1", Destination: "/a"},
		{Type: "volume", Name: "gone", Destination: "/b"},
		{Type: "bind", Source: "/tmp", Destination: "/c"},
		{Type: "tmpfs", Destination: "/d"},
	}}
	var got []string
	for _, i := range Open(s, "").infoMounts(c) {
		got = append(got, i.Destination+" "+i.Driver)
	}
	want := []string{"/a csi:unix:///run/x.sock", "/b local", "/c "}
	if len(got) != len(want) {
		t.Fatalf("mounts: %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("mount %d: %q, want %q", i, got[i], want[i])
		}
	}
}
