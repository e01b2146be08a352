package registry

import (
	"path/filepath"
	"testing"

	"go.podman.io/image/v5/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// A machine without a policy accepts every image; one whose named policy is
// missing none.
func TestPolicyIsMissing(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	bare := &types.SystemContext{RootForImplicitAbsolutePaths: t.TempDir()}
	if p, err := policy(bare); p != nil || err != nil {
		t.Errorf("%v, %v", p, err)
	}
	named := &types.SystemContext{SignaturePolicyPath: filepath.Join(t.TempDir(), "policy.json")}
	if _, err := policy(named); !errs.Is(err, errs.Denied) {
		t.Errorf("a named policy that is not there: %v", err)
	}
	t.Setenv("CONTAINERS_POLICY_JSON", filepath.Join(t.TempDir(), "policy.json"))
	if _, err := policy(bare); !errs.Is(err, errs.Denied) {
		t.Errorf("a policy of the environment that is not there: %v", err)
	}
}
