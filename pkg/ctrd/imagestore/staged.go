package imagestore

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/containerd/containerd/api/types"
)

// staged is a layer that waits for its name.
type staged struct {
	unpacking
	key      string
	folder   string   // what the layer wrote
	base     []string // the folders that its snapshot lies over, the nearest first
	over     *staged  // the layer below it, in the same batch
	together bool     // with others, it waits for the disk at the end
	unlock   func()

	begun time.Time // when the unpacking began
	done  chan error
	end   func() // ends the unpacking
}

// place makes the snapshot that the layer is unpacked into.
func (s *staged) place(ctx context.Context, parent string) (mounts []*types.Mount, err error) {
	if s.key, mounts, err = s.prepare(ctx, parent); err == nil {
		s.folder, s.base = mountFolders(mounts)
	}
	return mounts, err
}

// below are the folders of the layers below, the nearest first.
func (s *staged) below() []string {
	if s.over == nil {
		return s.base
	}
	return append([]string{s.over.folder}, s.over.below()...)
}

// start begins to unpack.
func (s *staged) start(ctx context.Context, mounts []*types.Mount) {
	ctx, s.end = context.WithCancel(ctx)
	done := make(chan error, 1)
	s.begun, s.done = time.Now(), done
	go func() { done <- s.apply(ctx, s.key, mounts, !s.together) }()
}

// wait returns when the unpacking has ended. It is called once for a start.
func (s *staged) wait() error {
	defer s.end()
	done := s.done
	s.done = nil
	return <-done
}

// again unpacks the layer over those below it, which are complete.
func (s *staged) again(ctx context.Context) error {
	s.unpacking.discard(ctx, s.key)
	if _, err := s.place(ctx, ""); err != nil {
		return err
	}
	return s.apply(ctx, s.key, overlay(s.folder, s.below()), !s.together)
}

// overlay is the mount of folder over those below, which containerd does not mount: it
// writes to folder, and asks those below for folders that the layer does not have.
func overlay(folder string, below []string) []*types.Mount {
	options := []string{"upperdir=" + folder}
	if len(below) > 0 {
		options = append(options, "lowerdir="+strings.Join(below, ":"))
	}
	return []*types.Mount{{Type: "overlay", Source: "overlay", Options: options}}
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

func (s *staged) discard(ctx context.Context) {
	if s.done != nil {
		s.end()
		<-s.done //nolint:errcheck // it is thrown away
	}
	if s.key != "" {
		s.unpacking.discard(ctx, s.key)
	}
	s.unlock()
}
