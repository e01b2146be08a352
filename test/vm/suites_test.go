//go:build vm

package vm

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
)

// suiteLimit bounds one suite in the machine.
const suiteLimit = 40 * time.Minute

// TestCommandLine runs the command line tests of this tree in the machine, on
// cgroup v2: with cgroups of Pouch's own, and as far as it makes a difference
// with systemd's.
func TestCommandLine(t *testing.T) {
	if machine == nil {
		t.Skip("needs root")
	}
	for _, s := range []struct{ name, manager string }{
		{"TestSmoke", "cgroupfs"},
		{"TestSmoke", "systemd"},
		{"TestFlags", "cgroupfs"},
		{"TestCVE", "cgroupfs"},
		{"TestConventions", "cgroupfs"},
	} {
		t.Run(s.name+"/"+s.manager, func(t *testing.T) {
			r := machine.Run(t.Context(), Command{
				Args:   []string{prefix + "/test/cli/cli.test", "-test.run", "^" + s.name + "$", "-test.timeout", suiteLimit.String()},
				Env:    []string{"POUCH_CGROUP_MANAGER=" + s.manager, "POUCH_TEST_PATIENCE=5"},
				Dir:    prefix + "/test/cli",
				Limit:  suiteLimit,
				Stdout: os.Stdout, Stderr: os.Stderr,
			})
			if r.Err != nil || r.Code != 0 {
				t.Errorf("exit %d, %v", r.Code, r.Err)
			}
		})
	}
}

// TestNetworks runs the tests of kinds of links in the machine: its kernel has some
// that others lack, as ipvlan, VLANs and dummy.
func TestNetworks(t *testing.T) {
	if machine == nil {
		t.Skip("needs root")
	}
	for _, s := range []struct{ name, tests string }{
		{"netdev", "Macvlan|IPVLAN|Sublink|Parents|VXLAN"},
		{"network", "MembersOfAParents|AgainUnder|Parents|VLANParent|WithoutAParent|TwoHosts|TestVLAN$|PublishedSCTP"},
		{"network", "KilledAtEachStep/^(ipvlan|vlan|dummy)$"},
	} {
		t.Run(s.name, func(t *testing.T) {
			var out bytes.Buffer
			r := machine.Run(t.Context(), Command{
				Args:  []string{prefix + "/test/" + s.name + ".test", "-test.v", "-test.run", s.tests, "-test.timeout", suiteLimit.String()},
				Dir:   prefix + "/test",
				Env:   []string{"POUCH_KILL_EVERY=41"},
				Limit: suiteLimit, Stdout: &out, Stderr: &out,
			})
			if r.Err != nil || r.Code != 0 {
				t.Errorf("exit %d, %v\n%s", r.Code, r.Err, out.Bytes())
			}
			if strings.Contains(out.String(), "this kernel has no ") {
				t.Errorf("a kind of links is missing in the machine\n%s", out.Bytes())
			}
			t.Logf("%d tests passed", strings.Count(out.String(), "--- PASS"))
		})
	}
}
