package archive

import (
	"archive/tar"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// maxFolders bounds what is kept of folders until the end, bytes: a million of them.
const maxFolders = 256 << 20

// folderCost is what one takes beside its name, roughly, bytes.
const folderCost = 160

// folders are those that were put, whose attributes wait for all that comes into them.
type folders struct {
	list  []folder
	index map[string]int // by name: what comes again counts anew
	size  int            // bytes, roughly
}

// folder is one that was put, with what its entry says of it.
type folder struct {
	name     string
	uid, gid int
	mode     int64
	mtime    time.Time
	atime    time.Time
}

func (f *folder) header() *tar.Header {
	return &tar.Header{Typeflag: tar.TypeDir, Uid: f.uid, Gid: f.gid, Mode: f.mode, ModTime: f.mtime, AccessTime: f.atime}
}

// add notes a folder. The header is not kept: it may have a megabyte of records.
func (fs *folders) add(name string, h *tar.Header) error {
	f := folder{uid: h.Uid, gid: h.Gid, mode: h.Mode, mtime: h.ModTime, atime: h.AccessTime}
	if i, ok := fs.index[name]; ok {
		f.name = fs.list[i].name
		fs.list[i] = f
		return nil
	}
	if fs.size += len(name) + folderCost; fs.size > maxFolders {
		return errs.New(errs.Unsupported, "more than %d folders at once: copy them in parts", len(fs.list))
	}
	f.name = strings.Clone(name) // it may be a part of these records
	if fs.index == nil {
		fs.index = map[string]int{}
	}
	fs.index[f.name] = len(fs.list)
	fs.list = append(fs.list, f)
	return nil
}

// later sets the extended attributes of the folder, and notes it for the rest.
func (in *into) later(dir *os.File, name string, h *tar.Header) error {
	if len(h.PAXRecords) > 0 {
		f, err := child(dir, path.Base(name))
		if err != nil {
			return err
		}
		defer f.Close()
		st, err := stat(f)
		if err == nil && isDir(&st) {
			err = in.xattrs(f, h)
		}
		if err != nil {
			return err
		}
	}
	return in.folders.add(name, h)
}

// finish sets the attributes of folders, whose times all that came into them has
// changed, the deepest first.
func (in *into) finish() error {
	for _, f := range slices.Backward(in.folders.list) {
		dir, err := in.parent(f.name)
		if err != nil {
			return entryError(f.name, err)
		}
		h, err := child(dir, path.Base(f.name))
		dir.Close()
		if err != nil {
			return entryError(f.name, err)
		}
		st, err := stat(h)
		if err == nil && isDir(&st) {
			err = in.attributes(h, f.header())
		}
		h.Close()
		if err != nil {
			return entryError(f.name, err)
		}
	}
	return nil
}
