package fsx

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// draft is a file that is being written. It has no name until it is complete
// (O_TMPFILE of open(2)), so that a writer who is killed leaves nothing; on a
// filesystem that cannot do that, or to take the place of another file, it has a
// temporary one. Then it is locked as long as its writer lives: by that StaleTemps
// knows a leftover.
type draft struct {
	f    *os.File
	dir  string
	base string // of the file that it becomes
	name string // path of the temporary name; empty: none yet, or no more
}

func newDraft(path string) (*draft, error) {
	d := &draft{dir: filepath.Dir(path), base: filepath.Base(path)}
	var err error
	d.f, err = os.OpenFile(d.dir, unix.O_TMPFILE|os.O_WRONLY|unix.O_CLOEXEC, 0o600)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EISDIR) {
		if d.f, err = os.CreateTemp(d.dir, TempPrefix+d.base+"-*"); err == nil {
			d.name = d.f.Name()
		}
	}
	if err != nil {
		return nil, err
	}
	if d.name == "" {
		return d, nil
	}
	if err := flock(d.f, unix.LOCK_EX); err != nil {
		d.discard()
		return nil, err
	}
	return d, nil
}

func (d *draft) fill(data []byte, mode os.FileMode, sync bool) error {
	if _, err := d.f.Write(data); err != nil {
		return err
	}
	if err := d.f.Chmod(mode); err != nil {
		return err
	}
	if sync {
		return d.f.Sync()
	}
	return nil
}

// link gives the file the name path; fs.ErrExist when that is taken.
func (d *draft) link(path string) error {
	from, flags := d.name, 0
	if from == "" {
		from, flags = "/proc/self/fd/"+strconv.Itoa(int(d.f.Fd())), unix.AT_SYMLINK_FOLLOW
	}
	if err := unix.Linkat(unix.AT_FDCWD, from, unix.AT_FDCWD, path, flags); err != nil {
		return &os.PathError{Op: "link", Path: path, Err: err}
	}
	return nil
}

// rename puts the file in the place of path.
func (d *draft) rename(path string) error {
	if d.name == "" {
		err := d.link(path)
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := d.nameTemp(); err != nil {
			return err
		}
	}
	if err := replaceable(path); err != nil {
		return err
	}
	if err := os.Rename(d.name, path); err != nil {
		return err
	}
	d.name = ""
	return nil
}

// nameTemp gives a temporary name to a file that has none.
func (d *draft) nameTemp() error {
	if err := flock(d.f, unix.LOCK_EX); err != nil {
		return err
	}
	tmp := filepath.Join(d.dir, TempPrefix+d.base+"-"+rand.Text())
	if err := d.link(tmp); err != nil {
		return err
	}
	d.name = tmp
	return nil
}

// replaceable refuses to put a file in the place of a device, a pipe or a socket:
// people name /dev/null where they want no file, and it is everybody's.
func replaceable(path string) error {
	st, err := os.Lstat(path)
	if err == nil && st.Mode()&(os.ModeDevice|os.ModeNamedPipe|os.ModeSocket) != 0 {
		return &os.PathError{Op: "replace", Path: path, Err: errors.New("it is a device, a pipe or a socket")}
	}
	return nil
}

// discard ends the work on the file and takes its temporary name away.
func (d *draft) discard() {
	if d.name != "" {
		os.Remove(d.name)
	}
	d.f.Close()
}
