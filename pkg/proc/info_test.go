package proc

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"
)

func TestStat(t *testing.T) {
	before := time.Now()
	c := exec.Command("sleep", "1000")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	after := time.Now()
	p, err := Stat(c.Process.Pid)
	for err == nil && len(p.Args) == 0 { // execve(2) is told of before the kernel shows them
		p, err = Stat(c.Process.Pid)
	}
	c.Process.Kill()
	c.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if p.PPid != os.Getpid() || p.UID != uint32(os.Getuid()) || p.Comm != "sleep" || !slices.Equal(p.Args, []string{"sleep", "1000"}) {
		t.Errorf("%+v", p)
	}
	const coarse = 2 * time.Second // the kernel tells when it booted in whole seconds
	if p.Started.Before(before.Add(-coarse)) || p.Started.After(after.Add(coarse)) {
		t.Errorf("started at %v, not between %v and %v", p.Started, before, after)
	}
	me, err := Stat(os.Getpid())
	if err != nil || me.RSS <= 0 || me.VSZ < me.RSS || me.Threads < 1 {
		t.Errorf("%+v, %v", me, err)
	}
	if _, err := Stat(c.Process.Pid); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of an ended process: %v", err)
	}
}

func TestTTYName(t *testing.T) {
	for nr, want := range map[int64]string{0: "?", 136 << 8: "pts/0", 136<<8 | 7: "pts/7", 137<<8 | 1: "pts/257", 4<<8 | 1: "tty1", 5<<8 | 1: "5:1"} {
		if got := ttyName(nr); got != want {
			t.Errorf("%#x: %s, not %s", nr, got, want)
		}
	}
}
