package imagestore

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"

	introspectionapi "github.com/containerd/containerd/api/services/introspection/v1"
	"golang.org/x/sys/unix"
)

// batch is layers that are unpacked and have no names yet: one wait for the disk is
// enough for all of them. It needs a containerd whose snapshotter takes the parent
// at the commit ("rebase"), and whose files are seen from here.
//
// Some layers are unpacked at once, each alone. A layer need not have the folders that
// its files are in, which are then as below: one of which that is true (see alone) is
// unpacked again, over those below.
type batch struct {
	*Session
	staged  []*staged
	settled int // so many of staged, from the first on, are as they must be
}

// atOnce is how many layers are unpacked at once.
func atOnce() int { return min(runtime.NumCPU(), 4) }

// add unpacks a layer, or begins to.
func (b *batch) add(ctx context.Context, u unpacking) error {
	if there, err := u.there(ctx); err != nil || there {
		return err
	}
	unlock := func() {}
	if u.Lock != nil {
		var err error
		if unlock, err = u.Lock(ctx, u.name); err != nil {
			return err
		}
	}
	if there, err := u.there(ctx); err != nil || there {
		unlock()
		return err
	}
	if err := b.begin(ctx, &staged{unpacking: u, unlock: unlock}); err != nil {
		return err
	}
	if last := b.staged[len(b.staged)-1]; last.folder == "" || !b.rebases(ctx) {
		return b.commit(ctx)
	}
	return b.settle(ctx, len(b.staged)-atOnce()+1)
}

// begin adds a layer to the batch and starts to unpack it, or gives back what it
// took.
func (b *batch) begin(ctx context.Context, s *staged) (err error) {
	defer func() {
		if err != nil {
			s.discard(ctx)
		}
	}()
	if err := s.ready(ctx, s.layer.Digest); err != nil {
		return err
	}
	parent := s.parent
	if len(b.staged) > 0 {
		parent = "" // it has no name yet
	}
	mounts, err := s.place(ctx, parent)
	if err != nil {
		return err
	}
	if n := len(b.staged); n > 0 {
		s.over = b.staged[n-1]
		mounts = overlay(s.folder, nil)
	}
	s.together = s.folder != "" && b.rebases(ctx)
	s.start(ctx, mounts)
	b.staged = append(b.staged, s)
	return nil
}

// settle waits for the first n layers, and unpacks again what cannot stay.
func (b *batch) settle(ctx context.Context, n int) error {
	for ; b.settled < n; b.settled++ {
		s := b.staged[b.settled]
		err := s.wait()
		if b.settled == 0 && err != nil {
			return err
		}
		if b.settled > 0 && (err != nil || !s.alone()) {
			if err := s.again(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// rebases reports whether the snapshotter takes a parent at the commit.
func (s *Session) rebases(ctx context.Context) bool {
	s.asked.Do(func() {
		r, err := introspectionapi.NewIntrospectionClient(s.conn).Plugins(s.in(ctx), &introspectionapi.PluginsRequest{
			Filters: []string{"type==io.containerd.snapshotter.v1,id==" + Snapshotter},
		})
		s.rebase = err == nil && len(r.Plugins) == 1 && slices.Contains(r.Plugins[0].Capabilities, "rebase")
	})
	return s.rebase
}

// commit waits for the layers and for the disk, and gives the layers their names.
func (b *batch) commit(ctx context.Context) error {
	if len(b.staged) == 0 {
		return nil
	}
	if err := b.settle(ctx, len(b.staged)); err != nil {
		return err
	}
	if last := b.staged[len(b.staged)-1]; last.together {
		if err := syncFilesystem(last.folder); err != nil {
			return err
		}
	}
	for len(b.staged) > 0 {
		s := b.staged[0]
		if err := s.unpacking.commit(ctx, s.key); err != nil {
			return err
		}
		s.unlock()
		b.staged = b.staged[1:]
		b.settled--
	}
	return nil
}

// syncFilesystem waits until all that was written to the filesystem of folder is on
// the disk: syncfs(2).
func syncFilesystem(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(f.Fd())), f.Close())
}

// discard gives up what has no name.
func (b *batch) discard(ctx context.Context) {
	for _, s := range slices.Backward(b.staged) {
		s.discard(ctx)
	}
	b.staged = nil
}
