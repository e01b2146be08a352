package registry

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"syscall"
	"time"

	"go.podman.io/image/v5/docker"
	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
)

// Pull copies the image ref from its registry into st: the manifest for the
// platform, the index it was chosen from, config and layers. Blobs that st has
// are not fetched. Errors: denied (credentials, policy), not_found, corrupt
// (digest, size, ambiguous manifest), unavailable (the same may work later),
// unsupported, invalid. Nothing names the image until the caller does.
func Pull(ctx context.Context, st Store, ref string, o Options, w Watcher) (img *Image, err error) {
	err = Try(ctx, ref, func(full string) (err error) {
		img, err = pullFrom(ctx, st, full, o, w)
		return err
	})
	return img, err
}

func pullFrom(ctx context.Context, st Store, full string, o Options, w Watcher) (*Image, error) {
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
		return nil, errs.New(errs.Invalid, "%s: %w", full, err)
	}
	var img *Image
	attempt := func(ctx context.Context) error {
		img, err = into(ctx, st, src, sys, o, w)
		return err
	}
	if err = trying(ctx, o, attempt); lostMirror(sys, src.DockerReference(), err) {
		err = attempt(ctx) // whoever answers now is asked for the rest
	}
	return img, o.explained(err, "pull "+full, full)
}

// lostMirror reports whether a blob was given up because nobody answered any more,
// which may have been a mirror: within one source the library asks the next one only
// after an answer.
func lostMirror(sys *types.SystemContext, named reference.Named, err error) bool {
	if _, ok := errors.AsType[exhausted](err); !ok || statusOf(err) != 0 {
		return false
	}
	_, mirrors := endpoints(sys, named)
	return len(mirrors) > 0
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
	if _, ok := errors.AsType[exhausted](err); ok {
		return false
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return false
	}
	return kindOf(err) == errs.Unavailable && !errors.Is(err, syscall.ECONNREFUSED)
}

// pause waits for fixed, or without it 1, 2, 4 … 30 seconds, give or take a
// quarter, and at least for wish, then up to a quarter more, lest all who heard it
// come back at once; false when ctx ends.
func pause(ctx context.Context, try int, fixed, wish time.Duration) bool {
	d := fixed
	if d == 0 {
		d = min(time.Second<<min(try, 10), 30*time.Second)
		d += time.Duration((rand.Float64() - 0.5) * float64(d) / 2)
	}
	if wish > d {
		d = wish + time.Duration(rand.Float64()*float64(wish)/4)
	}
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
