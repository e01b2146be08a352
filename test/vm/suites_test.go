//go:build vm

package vm

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// suiteLimit bounds one suite in the machine.
const suiteLimit = 90 * time.Minute

// suite is a part of this tree's command line tests, with one manager of cgroups.
type suite struct{ test, manager, scripts string }

// suites are the scripts that Debian's kernel, cgroup v2 or systemd have a say in. With
// POUCH_VM_SCRIPTS=all they are all there are, which takes hours.
func suites() []suite {
	all := []suite{
		{"TestSmoke", "cgroupfs", "cp diff events exec execgroup netupdate publish restore run supervisor_killed terminal upgrade wait why"},
		{"TestSmoke", "systemd", "create events exec execgroup restore run supervisor_killed terminal upgrade wait"},
		{"TestFlags", "cgroupfs", "blkio cgroup checkpoint devices init limits lxcfs mounts namespaces netmodes network process quota rich rights rootfs secrets stats update userns"},
		{"TestCVE", "cgroupfs", "cp descriptors images mounts privileges reach selfexe subpath"},
		{"TestConventions", "cgroupfs", "exec exit lifecycle mounts stop streams"},
	}
	if os.Getenv("POUCH_VM_SCRIPTS") == "all" {
		for i := range all {
			all[i].scripts = ".*"
		}
	}
	return all
}

// TestCommandLine runs command line tests of this tree in the machine, on cgroup v2:
// with cgroups of Pouch's own, and as far as it makes a difference with systemd's.
func TestCommandLine(t *testing.T) {
	if machine == nil {
		t.Skip("needs root")
	}
	for _, s := range suites() {
		t.Run(s.test+"/"+s.manager, func(t *testing.T) {
			scripts := strings.Fields(s.scripts)
			out := &progress{}
			r := machine.Run(t.Context(), Command{
				Args:   []string{prefix + "/test/cli/cli.test", "-test.v", "-test.run", "^" + s.test + "$/^(" + strings.Join(scripts, "|") + ")$", "-test.timeout", suiteLimit.String()},
				Env:    []string{"POUCH_CGROUP_MANAGER=" + s.manager, "POUCH_TEST_PATIENCE=5"},
				Dir:    prefix + "/test/cli",
				Limit:  suiteLimit,
				Stdout: out, Stderr: out,
			})
			if r.Err != nil || r.Code != 0 {
				t.Fatalf("exit %d, %v\n%s", r.Code, r.Err, out.all.Bytes())
			}
			for _, name := range scripts {
				if name != ".*" && !strings.Contains(out.all.String(), "--- PASS: "+s.test+"/"+name+" ") {
					t.Errorf("%s is not among what passed", name)
				}
			}
		})
	}
}

// progress keeps what a suite prints, and prints which script begins and how it ended.
type progress struct {
	all  bytes.Buffer
	line []byte
}

func (p *progress) Write(b []byte) (int, error) {
	p.all.Write(b)
	p.line = append(p.line, b...)
	for {
		line, rest, whole := bytes.Cut(p.line, []byte("\n"))
		if !whole {
			return len(b), nil
		}
		p.line = rest
		if begins(string(line)) {
			fmt.Printf("%s %s\n", time.Now().Format(time.TimeOnly), line)
		}
	}
}

// begins tells the lines of scripts: testscript has every one in a test of the same name.
func begins(line string) bool {
	name, run := strings.CutPrefix(line, "=== RUN ")
	return run && strings.Count(name, "/") == 1 || strings.HasPrefix(line, "    --- ")
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
