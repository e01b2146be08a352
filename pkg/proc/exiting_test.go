package proc

import (
	"os/exec"
	"testing"
	"time"
)

func TestExiting(t *testing.T) {
	me, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	if Exiting(me) {
		t.Error("this process ends")
	}
	c := exec.Command("sleep", "1000")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	p, err := Of(c.Process.Pid)
	if err != nil || Exiting(p) {
		t.Errorf("it has just begun: %v", err)
	}
	c.Process.Kill()
	for end := time.Now().Add(time.Minute); Alive(p) && !Exiting(p); {
		if time.Now().After(end) {
			t.Fatal("killed, and yet it does not end")
		}
	}
	c.Wait()
	if !Exiting(p) {
		t.Error("it is gone, and yet does not count as ending")
	}
}
