package quota

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Assign makes dir, all that is in it, and what will be made in it part of project
// id. It follows no link, enters no other filesystem, and opens nothing but folders
// and files. A kernel before 6.17 leaves the project of symbolic links and special
// files. dir itself is done when what was in it is, and tells by that (Of) whether a
// call was cut short, which the next finishes; what is made in it meanwhile is looked
// for once more. Idempotent.
func Assign(ctx context.Context, dir string, id uint32) error {
	f, err := openDir(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return err
	}
	w := walker{ctx: ctx, id: id, dev: st.Dev}
	if err := w.top(f); err != nil {
		return fmt.Errorf("put %s into project %d: %w", dir, id, err)
	}
	return nil
}

type walker struct {
	ctx context.Context
	id  uint32
	dev uint64

	late bool // what belongs to the project already is done
}

// top does what is in the open folder, then the folder, then what came meanwhile.
func (w *walker) top(d *os.File) error {
	if err := w.entries(d); err != nil {
		return err
	}
	if err := put(d, w.id, true); err != nil {
		return err
	}
	if _, err := d.Seek(0, io.SeekStart); err != nil {
		return err
	}
	w.late = true
	return w.entries(d)
}

// dir does a folder below, from the top down: what is made in it meanwhile belongs
// to the project.
func (w walker) dir(d *os.File) error {
	if err := put(d, w.id, true); err != nil {
		return err
	}
	w.late = false
	return w.entries(d)
}

func (w *walker) entries(d *os.File) error {
	for {
		names, err := d.Readdirnames(256)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, n := range names {
			if err := w.entry(d, n); err != nil && !errors.Is(err, unix.ENOENT) { // gone meanwhile
				return err
			}
		}
	}
}

// entry does what d has under the name. What it is is asked of an O_PATH handle
// and opened through that: nobody can put a device in its place.
func (w *walker) entry(d *os.File, name string) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	fd, err := unix.Openat(int(d.Fd()), name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	h := os.NewFile(uintptr(fd), d.Name()+"/"+name)
	defer h.Close()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Dev != w.dev {
		return err
	}
	kind := st.Mode & unix.S_IFMT
	if kind != unix.S_IFDIR && kind != unix.S_IFREG {
		return putSpecial(d, name, w.id)
	}
	f, err := reopen(h)
	if err != nil {
		return err
	}
	defer f.Close()
	if w.late {
		if a, err := get(f); err != nil || a.project == w.id {
			return err
		}
	}
	if kind == unix.S_IFDIR {
		return w.dir(f)
	}
	return put(f, w.id, false)
}

func reopen(h *os.File) (*os.File, error) {
	fd, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", h.Fd()), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: h.Name(), Err: err}
	}
	return os.NewFile(uintptr(fd), h.Name()), nil
}
