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
	spec := &specs.Spec{Linux: &specs.Linux{Namespaces: []specs.LinuxNamespace{
		{Type: specs.PIDNamespace}, {Type: specs.NetworkNamespace, Path: "/proc/self/ns/net"},
	}}}
	held, err := seeNamespaces(spec)
	if err != nil || len(held) > 0 || spec.Linux.Namespaces[1].Path != "/proc/self/ns/net" {
		t.Errorf("%v, %v, %+v", held, err, spec.Linux.Namespaces)
	}
	spec.Linux.Namespaces[1].Path = "/proc/self/stat"
	if _, err := seeNamespaces(spec); err == nil {
		t.Error("a plain file passes for a namespace")
	}
}
