package supervisor

import (
	"os"
	"os/exec"
	"testing"
)

func TestBlocksSignals(t *testing.T) {
	if blocksSignals(os.Getpid()) {
		t.Error("this process blocks SIGTERM")
	}
	c := exec.Command("sleep", "1000")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if blocksSignals(c.Process.Pid) {
		t.Error("sleep blocks SIGTERM")
	}
	c.Process.Kill()
	c.Wait()
	if !blocksSignals(c.Process.Pid) {
		t.Error("one that is gone is waited for")
	}
}
