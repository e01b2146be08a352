package hostfacts

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

// devices resolves --device, a node or a folder of nodes, or lists all nodes of
// the host for a privileged container.
func devices(h record.Host) ([]spec.Device, error) {
	var out []spec.Device
	if h.Privileged {
		all, err := below("/dev", "/dev", "rwm")
		if err != nil {
			return nil, errs.New(errs.Internal, "list the host's devices: %w", err)
		}
		out = all
	}
	for _, d := range h.Devices {
		got, err := resolve(d)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, errs.New(errs.NotFound, "--device %s: no such device on this host", d.HostPath)
		case err != nil:
			return nil, errs.New(errs.Invalid, "--device %s: %w", d.HostPath, err)
		}
		for _, g := range got { // what is said by name counts over the list of all
			out = slices.DeleteFunc(out, func(o spec.Device) bool { return o.Path == g.Path })
		}
		out = append(out, got...)
	}
	return out, nil
}

func resolve(d record.Device) ([]spec.Device, error) {
	host, err := filepath.EvalSymlinks(d.HostPath)
	if err != nil {
		return nil, err
	}
	fi, err := os.Stat(host)
	if err != nil {
		return nil, err
	}
	if fi.IsDir() {
		got, err := below(host, d.ContainerPath, d.Permissions)
		if err == nil && len(got) == 0 {
			err = errors.New("no device in that folder")
		}
		return got, err
	}
	dev, ok, err := node(host, d.ContainerPath, d.Permissions)
	if err == nil && !ok {
		err = errors.New("not a device node")
	}
	return []spec.Device{dev}, err
}

// below lists the nodes in dir, without those that a container has of its own:
// terminals, shared memory and message queues.
func below(dir, at, access string) ([]spec.Device, error) {
	var out []spec.Device
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		switch {
		case err != nil && p == dir:
			return err
		case err != nil:
			return nil //nolint:nilerr // it vanished
		case e.IsDir() && own(p):
			return fs.SkipDir
		case e.Type()&fs.ModeDevice == 0 || p == "/dev/console":
			return nil
		}
		d, ok, err := node(p, path.Join(at, strings.TrimPrefix(p, dir)), access)
		if err == nil && ok {
			out = append(out, d)
		}
		return nil
	})
	return out, err
}

// own names the folders of /dev that every container has itself, or that belong
// to another one.
func own(p string) bool {
	switch p {
	case "/dev/pts", "/dev/shm", "/dev/fd", "/dev/mqueue", "/dev/.lxc", "/dev/.lxd-mounts", "/dev/.udev":
		return true
	}
	return false
}

// node describes a character or block device; ok is false for anything else.
func node(host, at, access string) (d spec.Device, ok bool, err error) {
	var st unix.Stat_t
	if err := unix.Stat(host, &st); err != nil {
		return spec.Device{}, false, &fs.PathError{Op: "stat", Path: host, Err: err}
	}
	kind := ""
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFCHR:
		kind = "c"
	case unix.S_IFBLK:
		kind = "b"
	default:
		return spec.Device{}, false, nil
	}
	mode := fs.FileMode(st.Mode & 0o777)
	return spec.Device{
		LinuxDevice: specs.LinuxDevice{
			Path: at, Type: kind,
			Major: int64(unix.Major(st.Rdev)), Minor: int64(unix.Minor(st.Rdev)),
			FileMode: &mode, UID: &st.Uid, GID: &st.Gid,
		},
		Access: access,
	}, true, nil
}
