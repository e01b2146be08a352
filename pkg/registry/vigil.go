package registry

import (
	"context"
	"time"
)

// vigil ends ctx when nothing is heard of a copy for a while: a registry may take
// its time to check what was sent to it, so it is longer than for a blob that is
// fetched. heard is called for each event.
func vigil(ctx context.Context, idle time.Duration, tell func(Event)) (watched context.Context, heard func(Event), end func()) {
	wait := 4 * idle
	watched, timer, end := expiring(ctx, wait)
	return watched, func(e Event) {
		timer.Reset(wait)
		if tell != nil {
			tell(e)
		}
	}, end
}
