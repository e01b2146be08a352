package cgroup

import (
	"path/filepath"
	"testing"
	"time"
)

func TestWatchOOM(t *testing.T) {
	g := made(t)
	dir, file := g.controller("memory"), "memory.limit_in_bytes"
	if dir == "" {
		dir, file = g.v2(), "memory.max"
	}
	if err := write(dir, file, "8388608"); err != nil {
		t.Skip("needs a memory controller:", err)
	}
	told := make(chan struct{}, 100)
	stop, err := g.WatchOOM(func() { told <- struct{}{} })
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-told:
		t.Fatal("an event without a cause")
	default:
	}
	cmd := start(t, g, ".", "x=aaaaaaaa; while :; do x=$x$x; done")
	select {
	case <-told:
	case <-time.After(time.Minute):
		t.Fatal("no event")
	}
	if err := cmd.Wait(); err == nil || g.OOMKills() == 0 {
		t.Errorf("%v, %d kills in %s", err, g.OOMKills(), filepath.Base(dir))
	}
	stop()
	stop()
}
