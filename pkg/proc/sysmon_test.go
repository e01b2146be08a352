package proc

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestCalmMonitor: one thread of this program, and none of those that start others.
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
	if calm != 1 {
		t.Errorf("%d threads were changed", calm)
	}
	for range 20 {
		out, err := exec.Command("cat", "/proc/self/timerslack_ns").Output()
		if err != nil || strings.TrimSpace(string(out)) == monitorSlack {
			t.Fatalf("a child has %q, %v", out, err)
		}
	}
}
