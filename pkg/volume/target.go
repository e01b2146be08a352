package volume

import (
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// CheckTargets fails with kind invalid when a bind's source is a folder and the
// image has a file at its mount point, or the other way round: mount(2) would
// only say ENOTDIR. Mount points that lie in another mount are not looked at.
func CheckTargets(mounts []record.Mount, rootfs string) error {
	root, err := os.OpenFile(rootfs, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, mt := range mounts {
		if mt.Type != "bind" || inOther(mounts, mt.Destination) {
			continue
		}
		if err := checkTarget(root, mt); err != nil {
			return err
		}
	}
	return nil
}

func inOther(mounts []record.Mount, dst string) bool {
	for _, mt := range mounts {
		if strings.HasPrefix(path.Clean(dst), path.Clean(mt.Destination)+"/") {
			return true
		}
	}
	return false
}

// checkTarget leaves what it cannot look at to the runtime.
func checkTarget(root *os.File, mt record.Mount) error {
	h, err := mount.OpenInRoot(root, mt.Destination)
	if err != nil {
		return nil
	}
	defer h.Close()
	there, err := h.Stat()
	if err != nil {
		return nil
	}
	src, err := os.Stat(mt.Source)
	if err != nil || src.IsDir() == there.IsDir() {
		return nil
	}
	return errs.New(errs.Invalid, "mount %s on %s: the source is a %s, the image has a %s there", mt.Source, mt.Destination, sortOf(src), sortOf(there))
}

func sortOf(st os.FileInfo) string {
	if st.IsDir() {
		return "folder"
	}
	return "file"
}
