package cmd

import (
	"math"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"
)

const (
	inheritedKey = "inherited" // in an app's metadata
	maxInherited = 64          // descriptors from 3 on that are looked at
)

// keepDescriptors keeps what this process inherited beyond its three standard
// streams from the processes that it starts: a supervisor and the engine live
// long, and would hold the caller's locks and pipes (close_range(2)). A kernel
// without the flag, before 5.11, leaves it at that. app remembers which they are.
func keepDescriptors(app *cli.App) {
	got := map[int]bool{}
	for fd := 3; fd < 3+maxInherited; fd++ {
		// What closes on exec cannot have come by exec: the Go runtime's own.
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			got[fd] = true
		}
	}
	unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) //nolint:errcheck // a kernel before 5.11 does not know it
	if app.Metadata == nil {
		app.Metadata = map[string]any{}
	}
	app.Metadata[inheritedKey] = got
}

// Inherited reports whether the caller left descriptor fd open for this program:
// one of the standard streams, or one of the 64 that follow.
func Inherited(c *cli.Context, fd int) bool {
	got, _ := c.App.Metadata[inheritedKey].(map[int]bool)
	return fd >= 0 && fd < 3 || got[fd]
}
