package mount

import (
	"slices"
	"testing"
)

// All mounts are below the root.
func TestBelowRoot(t *testing.T) {
	dir := scratch(t)
	mkdirs(t, dir, "target")
	if err := (Mount{Type: "tmpfs", Source: "tmpfs"}).At(dir + "/target"); err != nil {
		t.Fatal(err)
	}
	all, err := Below("/")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"/", "/proc", dir + "/target"} {
		if !slices.ContainsFunc(all, func(m Mount) bool { return m.Target == want }) {
			t.Errorf("%s is not among %d mounts", want, len(all))
		}
	}
}
