package image

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// ready waits for the blob that is asked for, whoever comes first, and ends with
// its context.
func TestReady(t *testing.T) {
	u := &unpacker{}
	d := digest.FromString("x")
	got := make(chan error, 1)
	go func() { got <- u.ready(t.Context(), d) }()
	u.arrived(digest.FromString("another"))
	select {
	case err := <-got:
		t.Fatalf("before it arrived: %v", err)
	case <-time.After(10 * time.Millisecond):
	}
	u.arrived(d)
	u.arrived(d)
	if err := <-got; err != nil {
		t.Error(err)
	}
	if err := u.ready(t.Context(), d); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errs.New(errs.Corrupt, "no"))
	if err := u.ready(ctx, digest.FromString("never")); !errs.Is(err, errs.Corrupt) {
		t.Errorf("ended: %v", err)
	}
}

func TestWhy(t *testing.T) {
	failed := errors.New("x")
	outer, end := context.WithCancelCause(context.Background())
	inner, fail := context.WithCancelCause(outer)
	if err := why(outer, inner, failed); err != failed {
		t.Errorf("nothing ended: %v", err)
	}
	fail(errs.New(errs.Unavailable, "engine"))
	if err := why(outer, inner, context.Canceled); !errs.Is(err, errs.Unavailable) {
		t.Errorf("the engine: %v", err)
	}
	if err := why(outer, inner, nil); err != nil {
		t.Errorf("no failure: %v", err)
	}
	end(errors.New("interrupt"))
	if err := why(outer, inner, failed); err != context.Canceled {
		t.Errorf("the caller: %v", err)
	}
	late, cancel := context.WithTimeoutCause(context.Background(), 0, errs.New(errs.Unavailable, "late"))
	defer cancel()
	<-late.Done()
	if err := why(late, late, failed); err == nil || err.Error() != "late" {
		t.Errorf("a deadline: %v", err)
	}
}
