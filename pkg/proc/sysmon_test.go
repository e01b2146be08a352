package proc

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestCalmMonitor: a thread of this program, and none that starts others.
func TestCalmMonitor(t *testing.T) {
	CalmMonitor()
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	calm := 0
	for _, th := range threads {
		b, err := os.ReadFile("/proc/" + th.Name() + "/timerslack_ns")
		if err == nil && strings.TrimSpace(string(b)) == monitorSlack {
			calm++
		}
	}
	if calm == 0 {
		t.Skip("a thread's timer slack cannot be set here")
	}
	// On a busy machine the monitor starts threads, and this may be one of them.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	OwnSlack()
	for range 20 {
		out, err := exec.Command("cat", "/proc/self/timerslack_ns").Output()
		if err != nil || strings.TrimSpace(string(out)) == monitorSlack {
			t.Fatalf("a child has %q, %v", out, err)
		}
	}
}

// TestOwnSlack: what a process inherits of a thread that the monitor started; a slack
// that somebody else has chosen stays.
func TestOwnSlack(t *testing.T) {
	runtime.LockOSThread() // never unlocked: the thread ends with the test
	for has, want := range map[string]string{monitorSlack: "50000", "70000": "70000"} {
		n, err := strconv.Atoi(has)
		if err != nil {
			t.Fatal(err)
		}
		if err := unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(n), 0, 0, 0); err != nil {
			t.Fatal(err)
		}
		OwnSlack()
		out, err := exec.Command("cat", "/proc/self/timerslack_ns").Output()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("of %s a child has %s, want %s: %v", has, got, want, err)
		}
	}
}
