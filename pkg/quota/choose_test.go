package quota

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/quota/quotatest"
)

func TestNamed(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "projid"), filepath.Join(dir, "projects")
	must(t, os.WriteFile(a, []byte("# names\nweb:10\nbad:x\n\ntoo:99999999999\n"), 0o600))
	must(t, os.WriteFile(b, []byte("42:/srv/web\n 43 :/srv/db\n"), 0o600))
	got := named(a, b, filepath.Join(dir, "gone"))
	if want := map[uint32]bool{10: true, 42: true, 43: true}; !maps.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// Ids come from their own part, and one that has a limit is not given again.
func TestChoose(t *testing.T) {
	quotatest.Each(t, func(t *testing.T, at string) {
		seen := map[uint32]bool{}
		for range 50 {
			v, err := Choose(at, Volumes)
			must(t, err)
			c, err := Choose(at, Containers)
			must(t, err)
			if v < Volumes || v >= Containers || c < Containers || c >= Containers+span || seen[v] || seen[c] {
				t.Fatalf("%d for a volume, %d for a container", v, c)
			}
			seen[v], seen[c] = true, true
			must(t, SetLimit(at, v, Limit{Bytes: 1 << 20}))
			must(t, SetLimit(at, c, Limit{Bytes: 1 << 20}))
		}
	})
}
