package archive

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// maxDepth bounds how deep folders lie in each other: each that is being read
// needs a descriptor, and no path of more bytes than PATH_MAX can be used.
const maxDepth = unix.PathMax / 2

// walker hands a source to a sink.
type walker struct {
	ctx   context.Context
	src   *Source
	to    sink
	links map[inode]string // files of several names: where the first went
}

type inode struct{ dev, ino uint64 }

// walk hands s to to, itself under the name as.
func (s *Source) walk(ctx context.Context, to sink, as string) error {
	w := &walker{ctx: ctx, src: s, to: to, links: map[inode]string{}}
	if s.bare {
		return w.inside(s.handle, "", 0)
	}
	return w.file(s.handle, &s.st, as, 0)
}

// file hands over one file, which has the name in the archive.
func (w *walker) file(h *os.File, st *unix.Stat_t, name string, depth int) error {
	if err := w.ctx.Err(); err != nil {
		return w.ctx.Err()
	}
	hdr, err := w.header(h, st, name)
	if err != nil || hdr == nil {
		return err
	}
	switch hdr.Typeflag {
	case tar.TypeReg:
		return w.regular(h, hdr)
	case tar.TypeDir:
		if err := w.to.put(hdr, nil); err != nil {
			return err
		}
		return w.inside(h, name, depth)
	}
	return w.to.put(hdr, nil)
}

// header describes a file; nil for one that no archive can have, a socket.
func (w *walker) header(h *os.File, st *unix.Stat_t, name string) (*tar.Header, error) {
	hdr, err := headerOf(h, st)
	if err != nil || hdr == nil {
		return nil, err
	}
	hdr.Name = name
	hdr.Uid, hdr.Gid = inside(w.src.tree.UIDs, st.Uid), inside(w.src.tree.GIDs, st.Gid)
	if hdr.Typeflag == tar.TypeDir {
		hdr.Name += "/"
		return hdr, nil
	}
	if st.Nlink > 1 {
		key := inode{uint64(st.Dev), st.Ino} //nolint:unconvert // as wide as the architecture has it
		if first, ok := w.links[key]; ok {
			return &tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: first, Mode: hdr.Mode, Uid: hdr.Uid, Gid: hdr.Gid, ModTime: hdr.ModTime, Format: tar.FormatPAX}, nil
		}
		w.links[key] = name
	}
	return hdr, nil
}

func (w *walker) regular(h *os.File, hdr *tar.Header) error {
	f, err := reopen(h, unix.O_RDONLY)
	if err != nil {
		return fmt.Errorf("open %s: %w", hdr.Name, err)
	}
	defer f.Close()
	return w.to.put(hdr, &body{r: &cancelled{w.ctx, f}, f: f})
}

// inside hands over what is in a folder, sorted.
func (w *walker) inside(h *os.File, name string, depth int) error {
	if depth > maxDepth {
		return errs.New(errs.Unsupported, "%s: folders lie more than %d deep in each other", name, maxDepth)
	}
	dir, err := reopen(h, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	slices.Sort(names)
	for _, n := range names {
		if err := w.entry(dir, n, path.Join(name, n), depth+1); err != nil {
			return err
		}
	}
	return nil
}

// entry hands over one entry of a folder; one that is gone by now is passed over.
func (w *walker) entry(dir *os.File, n, name string, depth int) error {
	h, err := child(dir, n)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	defer h.Close()
	st, err := stat(h)
	if err != nil {
		return fmt.Errorf("stat %s: %w", name, err)
	}
	return w.file(h, &st, name, depth)
}

// cancelled is a reader that fails when ctx ends.
type cancelled struct {
	ctx context.Context
	r   io.Reader
}

func (c *cancelled) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, c.ctx.Err()
	}
	return c.r.Read(p)
}
