package cmd

import (
	"math"

	"golang.org/x/sys/unix"
)

// keepDescriptors keeps what this process inherited beyond its three standard
// streams from the processes that it starts: a supervisor and the engine live
// long, and would hold the caller's locks and pipes (close_range(2)). A kernel
// without the flag, before 5.11, leaves it at that.
func keepDescriptors() {
	unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
}
