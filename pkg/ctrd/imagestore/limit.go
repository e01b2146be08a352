package imagestore

import (
	"context"
	"time"

	snapshotsapi "github.com/containerd/containerd/api/services/snapshots/v1"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// How often a layer that is being unpacked is measured: after leastLook at first,
// then such that no more than one part in lookShare of the time goes into it.
const (
	leastLook = 50 * time.Millisecond
	lookShare = 10
)

// limited is ctx that ends with kind corrupt when the snapshot key takes more than
// s.Limit bytes of disk. end must be called.
func (s *Session) limited(ctx context.Context, key, layer string) (watched context.Context, end func()) {
	if s.Limit <= 0 {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for wait := leastLook; ; {
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
			start := time.Now()
			if err := s.within(ctx, key, layer); err != nil {
				cancel(err)
				return
			}
			wait = max(leastLook, lookShare*time.Since(start))
		}
	}()
	return ctx, func() { cancel(nil); <-done }
}

// within fails when the snapshot key takes more than s.Limit; what cannot be
// measured just now is.
func (s *Session) within(ctx context.Context, key, layer string) error {
	if s.Limit <= 0 {
		return nil
	}
	r, err := s.snapshots().Usage(s.in(ctx), &snapshotsapi.UsageRequest{Snapshotter: Snapshotter, Key: key})
	if err != nil || r.Size <= s.Limit {
		return nil //nolint:nilerr // as said above
	}
	return errs.New(errs.Corrupt, "layer %s: unpacks to more than the %d bytes that are allowed", layer, s.Limit)
}
