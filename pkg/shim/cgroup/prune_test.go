package cgroup

import (
	"os"
	"path/filepath"
	"testing"
)

func TestPrune(t *testing.T) {
	g := made(t)
	if err := g.Prune(); err != nil {
		t.Fatal(err)
	}
	for _, p := range g.Paths() {
		if _, err := os.Stat(filepath.Join(p, "sub", "sub")); err != nil {
			t.Errorf("a group that holds another one was touched: %v", err)
		}
		for _, d := range []string{"sub/sub", "sub"} {
			if err := os.Remove(filepath.Join(p, d)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 2 { // idempotent
		if err := g.Prune(); err != nil {
			t.Fatal(err)
		}
	}
	if g.Exists() {
		t.Error("an empty group is still there")
	}
}
