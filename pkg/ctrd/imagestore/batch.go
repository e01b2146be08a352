package imagestore

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	introspectionapi "github.com/containerd/containerd/api/services/introspection/v1"
	"github.com/containerd/containerd/api/types"
	"golang.org/x/sys/unix"
)

// batch is layers that are unpacked and have no names yet: one wait for the disk is
// enough for all of them. It needs a containerd whose snapshotter takes the parent
// at the commit ("rebase"), and whose files are seen from here. The layers are
// unpacked one over the other all the same: a layer need not have the folders that
// its files are in, and then they are as below.
type batch struct {
	*Session
	staged []*staged
}

// staged is a layer that waits for its name.
type staged struct {
	unpacking
	key    string
	folder string   // what the layer wrote
	below  []string // those of the layers below, the nearest first
	unlock func()
}

// add unpacks a layer over those before it.
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
	if err := b.unpack(ctx, u, unlock); err != nil {
		return err
	}
	if last := b.staged[len(b.staged)-1]; last.folder == "" || !b.rebases(ctx) {
		return b.commit(ctx)
	}
	return nil
}

// unpack adds the layer to the batch, or gives back what it took.
func (b *batch) unpack(ctx context.Context, u unpacking, unlock func()) (err error) {
	s := &staged{unpacking: u, unlock: unlock}
	defer func() {
		if err != nil {
			s.discard(ctx)
		}
	}()
	if err := u.ready(ctx, u.layer.Digest); err != nil {
		return err
	}
	parent := u.parent
	if len(b.staged) > 0 {
		parent = "" // it has no name yet
	}
	var mounts []*types.Mount
	if s.key, mounts, err = u.prepare(ctx, parent); err != nil {
		return err
	}
	s.folder, s.below = mountFolders(mounts)
	if n := len(b.staged); n > 0 {
		below := b.staged[n-1]
		s.below = append([]string{below.folder}, below.below...)
		mounts = []*types.Mount{{Type: "overlay", Source: "overlay", Options: []string{
			"upperdir=" + s.folder, "lowerdir=" + strings.Join(s.below, ":"),
		}}}
	}
	together := s.folder != "" && b.rebases(ctx)
	if err := u.apply(ctx, s.key, mounts, !together); err != nil {
		return err
	}
	b.staged = append(b.staged, s)
	return nil
}

// mountFolders are the folders of a snapshot's mounts, when they are seen from here.
func mountFolders(mounts []*types.Mount) (own string, below []string) {
	if len(mounts) != 1 {
		return "", nil
	}
	m := mounts[0]
	if m.Type == "bind" {
		own = m.Source
	}
	for _, o := range m.Options {
		if v, ok := strings.CutPrefix(o, "upperdir="); ok {
			own = v
		}
		if v, ok := strings.CutPrefix(o, "lowerdir="); ok {
			below = strings.Split(v, ":")
		}
	}
	if st, err := os.Stat(own); err != nil || !st.IsDir() {
		return "", nil
	}
	return own, below
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

// commit waits for the disk and gives the layers their names.
func (b *batch) commit(ctx context.Context) error {
	if len(b.staged) == 0 {
		return nil
	}
	if last := b.staged[len(b.staged)-1]; last.folder != "" && b.rebases(ctx) {
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

func (s *staged) discard(ctx context.Context) {
	if s.key != "" {
		s.unpacking.discard(ctx, s.key)
	}
	s.unlock()
}
