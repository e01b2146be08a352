//go:build vm

package vm

import (
	"bytes"
	"strings"
	"testing"
)

// TestCSI runs the life of a CSI driver's volumes in the machine, where file
// systems grow while they are mounted.
func TestCSI(t *testing.T) {
	if machine == nil {
		t.Skip("needs root")
	}
	var out bytes.Buffer
	r := machine.Run(t.Context(), Command{
		Args:  []string{prefix + "/test/csi.test", "-test.v", "-test.run", "^(TestLife|TestLoopGrows|TestBlock|TestGiven)$", "-test.timeout", suiteLimit.String()},
		Dir:   prefix + "/test",
		Limit: suiteLimit, Stdout: &out, Stderr: &out,
	})
	if r.Err != nil || r.Code != 0 {
		t.Errorf("exit %d, %v\n%s", r.Code, r.Err, out.Bytes())
	}
	if strings.Contains(out.String(), "--- SKIP") {
		t.Errorf("a test is skipped, in a machine that has it all\n%s", out.Bytes())
	}
}
