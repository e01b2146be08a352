// Package archive copies files out of and into a root that is not trusted, as
// tar streams or from one tree to another. Whatever happens in the root
// meanwhile, no path leads out of it: paths are resolved with the root as "/"
// (openat2(2), RESOLVE_IN_ROOT), and below an open folder only by single names
// that are never followed. It knows no container.
package archive

import (
	"archive/tar"
	"os"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// Tree is a folder that is "/" for every path in it.
type Tree struct {
	Root *os.File // an O_PATH handle is enough

	// Host says that the tree is the machine's own and what comes into it is not
	// trusted: below a destination no symbolic link is followed.
	Host bool

	// UIDs and GIDs are how a user namespace maps the owners in the tree, whose
	// files the kernel shows with the ids outside; empty: not at all. Archives
	// have the ids inside.
	UIDs, GIDs []record.IDMap
}

// Host returns the tree of this machine.
func Host() (Tree, error) {
	root, err := os.OpenFile("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	return Tree{Root: root, Host: true}, err
}

// Close closes the root.
func (t Tree) Close() error { return t.Root.Close() }

// body is the content of a regular file: r, or, for a file of this machine, f.
type body struct {
	r interface{ Read([]byte) (int, error) }
	f *os.File
}

// sink takes files one by one, folders before what is in them; names as in a
// tar archive, xattrs as PAX records.
type sink interface {
	put(h *tar.Header, b *body) error
}
