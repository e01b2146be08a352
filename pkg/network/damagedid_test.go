package network

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// TestDamagedID: a record whose id is none is told as damaged, of every driver, and
// hurts nothing else.
func TestDamagedID(t *testing.T) {
	s, err := store.Open(filepath.Join(t.TempDir(), "root"), filepath.Join(t.TempDir(), "run"))
	if err != nil {
		t.Fatal(err)
	}
	m := Open(s)
	for _, driver := range []string{"bridge", "macvlan", "vxlan"} {
		text := `{"schemaVersion":1,"name":"n1","id":"ab","driver":"` + driver + `"}`
		if err := os.WriteFile(filepath.Join(s.Root, "networks", "n1.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		n, err := m.Inspect("n1")
		if errs.Is(err, errs.Corrupt) {
			continue
		}
		t.Errorf("driver %s: %+v, %v", driver, n, err)
		if d, err := driverOf(driver); err == nil {
			d.links(m, n)
			if _, _, err := rulesOf(n); err != nil {
				t.Error(err)
			}
		}
	}
}
