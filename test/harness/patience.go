package harness

import (
	"os"
	"strconv"
	"time"
)

// patience is how much longer than on a quiet machine something may take before it
// counts as hanging: others may use this one.
const patience = 5

// Patience is a time limit d for this machine: five times as long, or as
// $POUCH_TEST_PATIENCE says. It is for what hangs, not for what is slow.
func Patience(d time.Duration) time.Duration {
	n, err := strconv.Atoi(os.Getenv("POUCH_TEST_PATIENCE"))
	if err != nil || n < 1 {
		n = patience
	}
	return time.Duration(n) * d
}
