package archive

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Source is what is copied: a file of any sort, or a folder with all in it.
type Source struct {
	tree     Tree
	handle   *os.File
	st       unix.Stat_t
	path     string
	name     string // under which it goes into a folder or an archive
	contents bool   // of the folder, not itself: it was written with "/." at its end
	bare     bool   // the folder has no entry of its own
}

// Source finds what path means in t, as `docker cp` reads it: a symbolic link
// is itself, unless follow is set or a "/" follows; "/." at the end means the
// contents of a folder. It fails with kind not_found, and invalid for a "/"
// after what is no folder.
func (t Tree) Source(p string, follow bool) (*Source, error) {
	asDir := strings.HasSuffix(p, "/") || strings.HasSuffix(p, "/.") || p == "."
	l, err := t.locate("/"+strings.TrimSuffix(p, "/."), follow || asDir)
	if err == nil && l.handle == nil {
		err = fs.ErrNotExist
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return nil, errs.New(errs.NotFound, "could not find the file %s", p)
	}
	if err != nil {
		return nil, err
	}
	s := &Source{tree: t, handle: l.handle, st: l.st, path: p, name: path.Base(path.Clean("/" + p))}
	s.contents = strings.HasSuffix(p, "/.") || p == "." || s.name == "/"
	if asDir && !isDir(&s.st) {
		s.Close()
		return nil, errNotDir(p)
	}
	if s.contents {
		s.name = "."
	}
	return s, nil
}

// All is the source of everything in t, without an entry for its root.
func (t Tree) All() (*Source, error) {
	s, err := t.Source("/", false)
	if err == nil {
		s.bare = true
	}
	return s, err
}

// Close lets go of the source, not of the tree.
func (s *Source) Close() error { return s.handle.Close() }
