package archive

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Copied tells what Copy did.
type Copied struct {
	Size    int64    // bytes of content
	Skipped []string // devices that do not leave a container without their owner
}

// Copy copies s to the path p of t, by the rules of `docker cp`:
//
//	source       destination          result
//	file         missing              the file under that name; with "/" at its end an error
//	file         file                 replaced
//	file         folder               the file in it, under the source's name
//	folder       missing              a folder of that name with the contents
//	folder       file                 an error
//	folder       folder               the folder in it; with "/." at the source's end its contents
//
// A symbolic link at the destination's end is followed. Files belong to root,
// on the host to the caller, unless owners says that they keep theirs; without
// it set-user-ID bits, capabilities and devices stay out of the host. Errors
// have kind not_found, conflict or invalid; what was copied before one stays.
func (t Tree) Copy(ctx context.Context, s *Source, p string, owners bool) (*Copied, error) {
	dir, as, err := t.place(s, p)
	if err != nil {
		return nil, err
	}
	in, err := t.open(dir)
	if err != nil {
		return nil, err
	}
	defer in.close()
	in.owners = owners
	err = s.walk(ctx, in, as)
	if err == nil {
		err = in.finish()
	}
	return &Copied{Size: in.size, Skipped: in.skipped}, err
}

// place decides in which folder, and under which name there, s arrives.
func (t Tree) place(s *Source, p string) (dir, as string, err error) {
	l, err := t.locate("/"+p, true)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return "", "", errs.New(errs.NotFound, "no such directory: the folder of %s", p)
	}
	if err != nil {
		return "", "", err
	}
	defer l.close()
	asDir := strings.HasSuffix(p, "/") || strings.HasSuffix(p, "/.")
	switch {
	case l.handle == nil && asDir && !isDir(&s.st):
		return "", "", errs.New(errs.NotFound, "no such directory: %s", p)
	case l.handle == nil:
		return l.dir, l.name, nil
	case isDir(&l.st):
		return l.path(), s.name, nil
	case isDir(&s.st):
		return "", "", errs.New(errs.Conflict, "cannot copy a directory to the file %s", p)
	case asDir:
		return "", "", errNotDir(p)
	}
	return l.dir, l.name, nil
}
