//go:build vm

package vm

import (
	"bytes"
	"strings"
	"testing"
)

// TestDiskLimits runs the tests of limits of disk space in the machine: its kernel
// has project quotas, of ext4 and of xfs.
func TestDiskLimits(t *testing.T) {
	if machine == nil {
		t.Skip("needs root")
	}
	for name, tests := range map[string]string{"quota": ".", "volume": "Limit", "container": "Projects|Layers"} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			r := machine.Run(t.Context(), Command{
				Args:  []string{prefix + "/test/" + name + ".test", "-test.v", "-test.run", tests, "-test.timeout", suiteLimit.String()},
				Limit: suiteLimit, Stdout: &out, Stderr: &out,
			})
			if r.Err != nil || r.Code != 0 || !strings.Contains(out.String(), "--- PASS: Test") {
				t.Errorf("exit %d, %v\n%s", r.Code, r.Err, out.Bytes())
			}
			if skips := strings.Count(out.String(), "--- SKIP"); skips > 0 {
				t.Errorf("%d tests are skipped, in a machine that has it all\n%s", skips, out.Bytes())
			}
		})
	}
}
