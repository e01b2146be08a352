package sysinfo

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

func TestFilter(t *testing.T) {
	f := &specs.LinuxSeccomp{DefaultAction: specs.ActErrno, Syscalls: []specs.LinuxSyscall{
		{Names: []string{"read", "sysinfo", "write"}, Action: specs.ActAllow}, {Names: []string{"sysinfo"}, Action: specs.ActAllow},
	}}
	before, _ := json.Marshal(f)
	got := Filter(f, "/s")
	if after, _ := json.Marshal(f); string(after) != string(before) {
		t.Error("the filter itself was changed")
	}
	want := []specs.LinuxSyscall{{Names: []string{"read", "write"}, Action: specs.ActAllow}, {Names: []string{"sysinfo"}, Action: specs.ActNotify}}
	if got.ListenerPath != "/s" || len(got.Syscalls) != 2 || !slices.Equal(got.Syscalls[0].Names, want[0].Names) || got.Syscalls[1].Action != specs.ActNotify {
		t.Errorf("%+v", got)
	}
}

// childEnv names the socket for the process that hands its calls over.
const childEnv = "POUCH_TEST_SYSINFO"

// TestAnswers runs this test in a process with such a filter: it is told what the
// test answers, also when it asks again, and at an address that is none it fails as
// by the kernel.
func TestAnswers(t *testing.T) {
	if socket := os.Getenv(childEnv); socket != "" {
		child(t, socket)
		return
	}
	if os.Geteuid() != 0 || !Supported() {
		t.Skip("needs root, and Linux 5.6")
	}
	socket := filepath.Join(t.TempDir(), "s")
	n := uint64(0)
	a, err := Serve(socket, func(i *unix.Sysinfo_t) {
		n++
		i.Totalram, i.Uptime = 1000+n, 7
	})
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(os.Args[0], "-test.run=^TestAnswers$", "-test.v")
	c.Env = append(os.Environ(), childEnv+"="+socket)
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if n != 2 {
		t.Errorf("%d answers", n)
	}
	a.Close()
	a.Close()
	for end := time.Now().Add(time.Minute); stillOpen(a) > 0; time.Sleep(time.Millisecond) { // who answers lets go by itself
		if time.Now().After(end) {
			t.Fatalf("%d filters are still open", stillOpen(a))
		}
	}
}

func stillOpen(a *Answers) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.open)
}

func child(t *testing.T, socket string) {
	fd, err := load()
	if err != nil {
		t.Fatal(err)
	}
	c, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	err = errors.Join(err, unix.Connect(c, &unix.SockaddrUnix{Name: socket}), unix.Sendmsg(c, []byte("{}"), unix.UnixRights(fd), nil, 0), unix.Close(fd))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []uint64{1001, 1002} {
		var i unix.Sysinfo_t
		if err := unix.Sysinfo(&i); err != nil || i.Totalram != want || i.Uptime != 7 {
			t.Errorf("%d bytes, up %d, %v; want %d", i.Totalram, i.Uptime, err, want)
		}
	}
}

// load puts a filter on all threads that hands sysinfo(2) over and allows the rest.
func load() (int, error) {
	const (
		tsync, newListener, tsyncESRCH = 1, 8, 16
		userNotif, allow               = 0x7fc00000, 0x7fff0000
	)
	prog := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the number of the call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_SYSINFO, Jt: 0, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: userNotif},
		{Code: unix.BPF_RET | unix.BPF_K, K: allow},
	}
	p := unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]}
	fd, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, tsync|newListener|tsyncESRCH, uintptr(unsafe.Pointer(&p)))
	if e != 0 {
		return -1, e
	}
	return int(fd), nil
}
