//go:build integration && amd64

package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/test/harness"
	"github.com/pouchcontainer/pouch/test/killpoint"
)

const cniKillConf = `{"cniVersion": "1.0.0", "name": "kill", "plugins": [
 {"type": "bridge", "bridge": "killcni0", "ipam": {"type": "host-local", "dataDir": "DIR/ipam", "ranges": [[{"subnet": "10.67.8.0/29"}]]}},
 {"type": "tuning"}]}`

// A small range of addresses shows any that the plugins keep: whatever moment
// attach or detach is killed at, gc has them give it back.
func TestKilledCNI(t *testing.T) {
	suite.Need(t)
	plugins, err := harness.CNIPlugins()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	writeText(t, filepath.Join(dir, "kill.conflist"), strings.ReplaceAll(cniKillConf, "DIR", dir))
	t.Setenv("NETCONFPATH", dir)
	t.Setenv("CNI_PATH", plugins)
	ns := filepath.Join(dir, "ns")
	writeText(t, ns, "")
	sh(t, "unshare", "--net="+ns, "true")
	t.Cleanup(func() {
		sh(t, "umount", ns)
		sh(t, "ip", "link", "del", "killcni0")
	})
	for _, verb := range []string{"attach", "detach"} {
		points := killCNI(t, verb, ns, dir, 0)
		if points < 10 {
			t.Fatalf("%s: only %d points", verb, points)
		}
		killed := 0
		for at := 3; at <= points; at += max(points/12, 1) {
			if killCNI(t, verb, ns, dir, at) == at {
				killed++
			}
		}
		if killed == 0 {
			t.Errorf("%s: nobody was killed: the test tests nothing", verb)
		}
	}
}

// cniVerbs start and end a container, and move a running one, in a network whose
// addresses are the plugins' to give: they have every one of them back.
func cniVerbs(t *testing.T, s *harness.Suite) []verb {
	t.Helper()
	plugins, err := harness.CNIPlugins()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	conf := strings.NewReplacer("DIR", dir, `"kill"`, `"killrun"`, "killcni0", "killcni1", "10.67.8.0", "10.67.9.0").Replace(cniKillConf)
	confs := filepath.Join(filepath.Dir(s.Root), "no-cni") // where the suite's commands look
	writeText(t, filepath.Join(dir, "killrun.conflist"), conf)
	if err := os.Mkdir(filepath.Join(dir, "ipam"), 0o755); err != nil { // where the plugins keep addresses, if they come so far
		t.Fatal(err)
	}
	t.Setenv("CNI_CONFS", dir)
	t.Setenv("NETCONFPATH", confs)
	t.Setenv("CNI_PATH", plugins)
	free := func(t *testing.T, s *harness.Suite) {
		s.Pouch("pouch-run", "rm", "-f", victim)
		sh(t, "sh", "-c", "rm -r "+confs+"; ! ip link show killcni1 || ip link del killcni1") // the plugin's, for good
		if left := sh(t, "find", filepath.Join(dir, "ipam"), "-name", "10.*"); left != "" {
			t.Errorf("an address is lost: %s", left)
		}
		if left := sh(t, "find", filepath.Join(s.Root, "endpoints"), "-name", "*.json"); left != "" {
			t.Errorf("left %s", left)
		}
	}
	up := []string{"run", "-d", "--name", victim, "--network", "cni:killrun", s.Image, "sleep", "1000"}
	plain := []string{"run", "-d", "--name", victim, s.Image, "sleep", "1000"}
	return []verb{
		{name: "run cni", before: [][]string{{"cni"}}, args: []string{"run", "--rm", "--name", victim, "--network", "cni:killrun", s.Image, "true"}, again: true, check: free},
		{name: "rm cni", before: [][]string{{"cni"}, up}, args: []string{"rm", "-f", victim}, check: free},
		{name: "connect cni", before: [][]string{{"cni"}, plain}, bin: "pouch-net", args: []string{"connect", "cni:killrun", victim}, check: free},
		{name: "disconnect cni", before: [][]string{{"cni"}, up}, bin: "pouch-net", args: []string{"disconnect", "cni:killrun", victim}, check: free},
	}
}

// killCNI kills verb at a point and cleans; it returns how many points were passed.
func killCNI(t *testing.T, verb, ns, dir string, at int) int {
	t.Helper()
	if verb == "detach" {
		sh(t, filepath.Join(suite.Bin, "pouch-net"), "attach", "--netns", ns, "cni:kill")
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	attr := &os.ProcAttr{Env: environ(), Files: []*os.File{null, null, null}, Sys: &syscall.SysProcAttr{}}
	r, err := killpoint.Run([]string{filepath.Join(suite.Bin, "pouch-net"), verb, "--netns", ns, "cni:kill"}, attr, at)
	if err != nil {
		t.Fatal(err)
	}
	sh(t, filepath.Join(suite.Bin, "pouch-net"), "detach", "--netns", ns, "cni:kill")
	sh(t, filepath.Join(suite.Bin, "pouch-run"), "gc")
	if left := sh(t, "find", filepath.Join(dir, "ipam"), "-name", "10.*"); left != "" {
		t.Errorf("%s killed at %d (%s): an address is lost: %s", verb, at, r.Call, left)
	}
	if left := sh(t, "find", filepath.Join(suite.Root, "endpoints"), "-name", "*.json"); left != "" {
		t.Errorf("%s killed at %d (%s): left %s", verb, at, r.Call, left)
	}
	if links := sh(t, "nsenter", "--net="+ns, "ip", "-br", "link"); strings.Contains(links, "eth0") {
		t.Errorf("%s killed at %d (%s): left %s", verb, at, r.Call, links)
	}
	return r.Points
}

func environ() []string { return append(os.Environ(), suite.Env()[:4]...) }

func sh(t *testing.T, args ...string) string {
	t.Helper()
	c := exec.Command(args[0], args[1:]...)
	c.Env = environ()
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL}
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
