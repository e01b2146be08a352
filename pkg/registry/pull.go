package registry

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"syscall"
	"time"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/copy"
	"go.podman.io/image/v5/docker"
	"go.podman.io/image/v5/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
)

// Pull copies the image ref from its registry into st: the manifest for the
// platform, the index it was chosen from, config and layers. Blobs that st has
// are not fetched. Errors: denied (credentials, policy), not_found, corrupt
// (digest, size, ambiguous manifest), unavailable (the same may work later),
// unsupported, invalid. Nothing names the image until the caller does.
func Pull(ctx context.Context, st Store, ref string, o Options, w Watcher) (*Image, error) {
	full, err := imageref.Normalize(ref)
	if err != nil {
		return nil, err
	}
	parts, err := imageref.Split(full)
	if err != nil {
		return nil, err
	}
	sys, err := o.system(parts.Domain)
	if err != nil {
		return nil, err
	}
	src, err := docker.ParseReference("//" + full)
	if err != nil {
		return nil, errs.New(errs.Invalid, "%s: %w", ref, err)
	}
	for try := 0; ; try++ {
		img, err := into(ctx, st, src, sys, o.idle(), w)
		if err == nil {
			return img, nil
		}
		if try >= o.Retry || !again(err) || !pause(ctx, try, o.RetryDelay) {
			return nil, fault(err, "pull "+full)
		}
	}
}

// into copies src, which the policy must allow, into the store.
func into(ctx context.Context, st Store, src types.ImageReference, sys *types.SystemContext, idle time.Duration, w Watcher) (*Image, error) {
	p, err := policy(sys)
	if err != nil {
		return nil, err
	}
	raw, release, err := open(ctx, src, sys, idle)
	if err != nil {
		return nil, cause(ctx, err)
	}
	defer release()
	defer raw.Close()
	var only digest.Digest
	if p != nil {
		if only, err = allowed(ctx, p, raw, sys); err != nil {
			return nil, cause(ctx, err)
		}
	}
	dest := &storeRef{transport: Transport{st}, watch: w, only: only}
	if err := transfer(ctx, dest, checked{src, raw, idle, w}, sys, w.Progress, true); err != nil {
		return nil, err
	}
	return &dest.result, nil
}

// transfer copies src to dest; exact keeps every byte as it is, or fails.
func transfer(ctx context.Context, dest, src types.ImageReference, sys *types.SystemContext, tell func(Event), exact bool) error {
	pc, err := acceptAll()
	if err != nil {
		return err
	}
	defer pc.Destroy()
	events, finish := relay(tell)
	defer finish()
	_, err = copy.Image(ctx, pc, dest, src, &copy.Options{
		SourceCtx: sys, DestinationCtx: sys,
		RemoveSignatures:    true, // checked by now; the store has no place for them
		PreserveDigests:     exact,
		PreferGzipInstances: types.OptionalBoolFalse, // the choice that allowed makes
		Progress:            events, ProgressInterval: 100 * time.Millisecond,
	})
	return cause(ctx, err)
}

// cause is why ctx ended, when that is why the work failed.
func cause(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// again reports whether to try anew at once: not when the answer was clear, nor
// when nobody is there.
func again(err error) bool {
	kind := kindOf(err)
	if e, ok := errors.AsType[*errs.Error](err); ok {
		kind = e.Kind
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return false
	}
	return kind == errs.Unavailable && !errors.Is(err, syscall.ECONNREFUSED)
}

// pause waits for fixed, or without it 1, 2, 4 … 30 seconds, give or take a
// quarter; false when ctx ends.
func pause(ctx context.Context, try int, fixed time.Duration) bool {
	d := fixed
	if d == 0 {
		d = min(time.Second<<min(try, 10), 30*time.Second)
		d += time.Duration((rand.Float64() - 0.5) * float64(d) / 2)
	}
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
