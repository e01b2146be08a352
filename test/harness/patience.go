package harness

import (
	"os"
	"strconv"
	"time"
)

// Patience is a time limit d for this machine: $POUCH_TEST_PATIENCE times as long,
// where that is set. What is emulated is slow, and hangs no sooner.
func Patience(d time.Duration) time.Duration {
	n, err := strconv.Atoi(os.Getenv("POUCH_TEST_PATIENCE"))
	if err != nil || n < 1 {
		return d
	}
	return time.Duration(n) * d
}
