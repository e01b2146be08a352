package cdi

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// FuzzInject: whatever a vendor's file says, it is refused with a kind, or makes a
// configuration that can be written down; a second time the same.
func FuzzInject(f *testing.F) {
	f.Add([]byte(vendor))
	for _, edits := range []string{
		"{deviceNodes: [null]}", "{mounts: [null]}", "{hooks: [null]}", "{netDevices: [null]}", "{env: [null]}", "{env: [A]}",
		"{intelRdt: {closID: x}, additionalGids: [0, 5]}", "{mounts: [{hostPath: a, containerPath: b}]}", "null",
	} {
		f.Add([]byte("cdiVersion: \"1.1.0\"\nkind: vendor.com/card\ndevices:\n- name: one\n  containerEdits: " + edits + "\n"))
		f.Add([]byte("cdiVersion: \"1.1.0\"\nkind: vendor.com/card\ndevices: [{name: one, containerEdits: {env: [A=b]}}]\ncontainerEdits: " + edits + "\n"))
	}
	f.Add([]byte("devices: [null]"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(filepath.Join(dir, "vendor.yaml"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		var made [2]*specs.Spec
		for i := range made {
			made[i] = &specs.Spec{Process: &specs.Process{}, Linux: &specs.Linux{}}
			if err := Inject(made[i], []string{"vendor.com/card=all"}, []string{dir}); err != nil {
				if k := errs.KindOf(err); k != errs.NotFound && k != errs.Invalid && k != errs.Corrupt {
					t.Fatalf("kind %s of %v", k, err)
				}
				return
			}
		}
		if _, err := json.Marshal(made[0]); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(made[0], made[1]) {
			t.Fatalf("%+v, and then %+v", made[0], made[1])
		}
	})
}
