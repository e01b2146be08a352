package supervisor

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// On a host whose mounts are private the supervisor does not see the network
// namespace that the command mounts after it has started.
func TestNamespaceOfAPrivateParent(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "ns")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// Another mount namespace, with a network namespace mounted only there.
	other := exec.Command("unshare", "--mount", "--net", "sh", "-c", "mount --bind /proc/self/ns/net "+path+" && stat -L -c %i /proc/self/ns/net && exec cat")
	in, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { in.Close(); other.Wait() }()
	buf := make([]byte, 64)
	n, err := out.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.TrimSpace(string(buf[:n]))

	f, err := parentsNamespace(other.Process.Pid, path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil || strconv.FormatUint(st.Ino, 10) != want {
		t.Errorf("opened %d, %v, want %s", st.Ino, err, want)
	}
	if _, err := parentsNamespace(os.Getpid(), path); err == nil {
		t.Error("a plain file passes for a namespace")
	}
}

func TestNamespacesSeenHereStay(t *testing.T) {
	s := &Supervisor{}
	named := []specs.LinuxNamespace{{Type: specs.PIDNamespace}, {Type: specs.NetworkNamespace, Path: "/proc/self/ns/net"}}
	seen, held, err := s.seeNamespaces(named, false)
	if err != nil || len(held) > 0 || seen[1].Path != "/proc/self/ns/net" {
		t.Errorf("%v, %v, %+v", held, err, seen)
	}
	named[1].Path = "/proc/self/stat"
	if _, _, err := s.seeNamespaces(named, false); err == nil {
		t.Error("a plain file passes for a namespace")
	}
}

// A state may name a pid that is another process by now.
func TestNamespaceOfAnother(t *testing.T) {
	st, err := store.Open(t.TempDir(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	me, err := proc.Self()
	if err != nil {
		t.Fatal(err)
	}
	boot, err := proc.BootID()
	if err != nil {
		t.Fatal(err)
	}
	c := &record.Container{ID: strings.Repeat("ab", 32), Name: "xx"}
	running := record.State{Status: record.Running, Init: me, BootID: boot}
	if err := st.CreateContainer(c, &running); err != nil {
		t.Fatal(err)
	}
	s := &Supervisor{store: st}
	f, err := s.namespaceOf(c.ID, "ipc")
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	reused, otherBoot, exited := running, running, running
	reused.Init.Start++
	otherBoot.BootID = "another"
	exited.Status = record.Exited
	for name, state := range map[string]record.State{"reused pid": reused, "other boot": otherBoot, "exited": exited} {
		if err := st.SetState(c.ID, &state); err != nil {
			t.Fatal(err)
		}
		if f, err := s.namespaceOf(c.ID, "ipc"); !errs.Is(err, errs.Conflict) {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
	if _, err := s.namespaceOf(strings.Repeat("cd", 32), "ipc"); !errs.Is(err, errs.NotFound) {
		t.Errorf("no such container: %v", err)
	}
}
