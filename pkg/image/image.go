// Package image is the noun: images are pulled, loaded, saved, listed,
// inspected, tagged and removed here. An image is a name in containerd whose
// content is complete and unpacked; its id is the digest of its config, as
// docker has it.
package image

import (
	"context"
	"runtime"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/ctrd/imagestore"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/events"
	"github.com/pouchcontainer/pouch/pkg/imageref"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// Manager does the operations on images. Safe for use by any number of
// processes at once.
type Manager struct {
	state *store.Store
	store *imagestore.Store

	MaxLayer int64 // bytes that a layer may unpack to; 0: no bound
}

// Open returns the manager of the images in the containerd at address.
func Open(state *store.Store, address, namespace string) (*Manager, error) {
	s, err := imagestore.Open(address, namespace)
	if err != nil {
		return nil, err
	}
	runtime.SetDefaultGOMAXPROCS() // layers are copied and unpacked side by side: see cmd.Run
	return &Manager{state: state, store: s}, nil
}

// Close ends the connection to containerd.
func (m *Manager) Close() error { return m.store.Close() }

// Image is one image with one of its names.
type Image struct {
	Name   string        // full reference, or the id when it has no name
	ID     digest.Digest // of its config
	Digest digest.Digest // of the index or manifest that the name means
}

// watch returns ctx such that it ends when containerd stops answering, and what
// must be deferred with the operation's error.
func (m *Manager) watch(outer context.Context) (ctx context.Context, settle func(*error)) {
	ctx, stop := m.store.Watch(outer)
	return ctx, func(err *error) {
		*err = why(outer, ctx, *err)
		stop()
	}
}

// why is the reason of a failure: that the caller ended outer, or else what ended
// ctx, which is outer watched, or else err itself.
func why(outer, ctx context.Context, err error) error {
	switch {
	case err == nil || ctx.Err() == nil:
		return err
	case outer.Err() == nil:
		return context.Cause(ctx)
	}
	if cause := context.Cause(outer); errs.KindOf(cause) != errs.Internal {
		return cause // a deadline, for one
	}
	return outer.Err()
}

// event tells what happened to the image with that id under a full name.
func (m *Manager) event(action, name string, id digest.Digest) {
	a := record.Labels{"name": id.String()}
	if !isNameless(name) {
		a["name"] = imageref.Familiar(name)
	}
	events.Emit(m.state, record.Event{Type: "image", Action: action, ID: id.String(), Attributes: a})
}

// resolve finds the image that target names: a reference, or the beginning of
// an id. Kinds: not_found, invalid, corrupt (it lacks content), unavailable.
func (m *Manager) resolve(ctx context.Context, target string) (*Image, error) {
	r, err := m.lookup(ctx, target)
	if err != nil {
		return nil, err
	}
	rec, err := m.store.Image(ctx, r.Ref)
	if errs.Is(err, errs.NotFound) {
		return nil, errs.New(errs.NotFound, "no such image: %s", target)
	}
	if err != nil {
		return nil, err
	}
	return &Image{Name: r.Ref, ID: r.ConfigDigest, Digest: rec.Target.Digest}, nil
}

// nameless is the name of an image that was loaded without one.
func nameless(id digest.Digest) string { return id.String() }

func isNameless(name string) bool {
	_, err := digest.Parse(name)
	return err == nil
}
