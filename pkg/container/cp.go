package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/archive"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// CopyOpts are the options of Copy.
type CopyOpts struct {
	Owners bool      // files keep their owners; else they are root's
	Follow bool      // a symbolic link that the source is, is followed
	Stdin  io.Reader // the tar stream of "-" as the source
	Stdout io.Writer // that of "-" as the destination
}

// Copied tells what Copy did.
type Copied = archive.Copied

// Copy copies between a container and this machine, running or not, as `docker
// cp` does: one of from and to is CONTAINER:PATH, the other a path or "-", a tar
// stream. A path with a colon is told by a "/" or "." at its beginning. Owners of
// a stream are kept. It fails with kind not_found, conflict, invalid, or denied
// where the container may not write itself. What was copied before an error
// stays; nothing stays mounted, whatever becomes of this process.
func (m *Manager) Copy(ctx context.Context, from, to string, o CopyOpts) (*Copied, error) {
	source, src, out := place(from)
	target, dst, in := place(to)
	switch {
	case out && in:
		return nil, errs.New(errs.Invalid, "copying between containers is not supported: copy to this machine in between, or pipe: pouch-run cp %s - | pouch-run cp - %s", from, to)
	case out:
		return m.copyOut(ctx, source, src, dst, o)
	case in:
		return m.copyIn(ctx, target, src, dst, o)
	}
	return nil, errs.New(errs.Invalid, "must specify at least one container source: CONTAINER:PATH")
}

// place splits CONTAINER:PATH; with ok false word is a path of this machine.
func place(word string) (container, path string, ok bool) {
	container, path, ok = strings.Cut(word, ":")
	if !ok || container == "" || strings.ContainsAny(container[:1], "/.") {
		return "", word, false
	}
	return container, path, true
}

// here is a path of this machine as one from its root on; what its end says is
// kept.
func here(p string) (string, error) {
	if p == "" {
		return "", errs.New(errs.Invalid, "an empty path")
	}
	if filepath.IsAbs(p) {
		return p, nil
	}
	wd, err := os.Getwd()
	if err != nil {
		return "", errs.New(errs.Invalid, "%s begins in the working directory, which is not there any more", p)
	}
	return wd + "/" + p, nil
}

// replaceable fails with kind invalid for a device, a socket or a pipe, which a copy
// would put a file in the place of: /dev/null is everybody's.
func replaceable(path string) error {
	st, err := os.Stat(path)
	if err != nil || st.IsDir() || st.Mode().IsRegular() {
		return nil //nolint:nilerr // what is missing is made
	}
	return errs.New(errs.Invalid, "%s is a device, a socket or a pipe: a file or a folder expected", path)
}

func (m *Manager) copyOut(ctx context.Context, target, src, dst string, o CopyOpts) (done *Copied, err error) {
	id, err := m.Store.ResolveContainer(target)
	if err != nil {
		return nil, err
	}
	host, err := archive.Host()
	if err != nil {
		return nil, err
	}
	defer host.Close()
	to, err := here(dst)
	if err == nil && dst != "-" {
		err = replaceable(to)
	}
	if err != nil {
		return nil, err
	}
	err = m.withRoot(ctx, id, false, func(t archive.Tree) error {
		s, err := t.Source(src, o.Follow)
		if err != nil {
			return err
		}
		defer s.Close()
		if dst == "-" {
			done = &Copied{}
			done.Size, err = s.Tar(ctx, o.Stdout)
			return err
		}
		done, err = host.Copy(ctx, s, to, o.Owners)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("copy %s:%s to %s: %w", target, src, dst, err)
	}
	m.eventOf(id, "archive-path", record.Labels{"path": src})
	return done, nil
}

func (m *Manager) copyIn(ctx context.Context, target, src, dst string, o CopyOpts) (done *Copied, err error) {
	id, err := m.Store.ResolveContainer(target)
	if err != nil {
		return nil, err
	}
	put, err := input(ctx, src, dst, o)
	if err == nil {
		err = m.withRoot(ctx, id, false, func(t archive.Tree) error {
			return mount.AsRoot(t.UIDs, t.GIDs, func() error {
				done, err = put(t)
				return err
			})
		})
	}
	if errors.Is(err, unix.EROFS) {
		err = errs.New(errs.Denied, "it is read-only in the container: its root (--read-only), a volume mounted so, or a tmpfs, which is there only while the container runs: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("copy %s to %s:%s: %w", src, target, dst, err)
	}
	m.eventOf(id, "extract-to-dir", record.Labels{"path": dst})
	return done, nil
}

// input opens what is copied into a container.
func input(ctx context.Context, src, dst string, o CopyOpts) (put func(archive.Tree) (*Copied, error), err error) {
	if src == "-" {
		return func(t archive.Tree) (*Copied, error) {
			size, err := t.Untar(ctx, dst, o.Stdin)
			return &Copied{Size: size}, err
		}, nil
	}
	path, err := here(src)
	if err != nil {
		return nil, err
	}
	return func(t archive.Tree) (*Copied, error) {
		host, err := archive.Host()
		if err != nil {
			return nil, err
		}
		defer host.Close()
		s, err := host.Source(path, o.Follow)
		if err != nil {
			return nil, err
		}
		defer s.Close()
		return t.Copy(ctx, s, dst, o.Owners)
	}, nil
}
