package libct

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/opencontainers/runc/libcontainer/seccomp"
	"github.com/opencontainers/runc/libcontainer/specconv"
	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/opencontainers/runtime-spec/specs-go/features"

	"github.com/pouchcontainer/pouch/pkg/shim/starter"
)

// What containerd is told must be what this engine does.
func TestFeaturesAreTrue(t *testing.T) {
	var f features.Features
	if err := json.Unmarshal([]byte(starter.Features), &f); err != nil {
		t.Fatal(err)
	}
	if f.OCIVersionMax != specs.Version {
		t.Errorf("version %s, the engine's is %s", f.OCIVersionMax, specs.Version)
	}
	for _, c := range []struct {
		what      string
		told, are []string
	}{
		{"mount options", f.MountOptions, specconv.KnownMountOptions()},
		{"namespaces", f.Linux.Namespaces, specconv.KnownNamespaces()},
		{"seccomp actions", f.Linux.Seccomp.Actions, seccomp.KnownActions()},
		{"seccomp operators", f.Linux.Seccomp.Operators, seccomp.KnownOperators()},
	} {
		slices.Sort(c.are)
		if !slices.Equal(c.told, c.are) {
			t.Errorf("%s: told %q, are %q", c.what, c.told, c.are)
		}
	}
}
