package passwd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// MaxFile is how much of etc/passwd and etc/group is read, in bytes: more is
// refused (CVE-2026-47262: a huge file eats the reader's memory).
const MaxFile = 10 << 20

// read reads name below root; a file that is not there is nil. Links are
// followed, and stay inside: openat2(2), RESOLVE_IN_ROOT.
func read(root *os.File, name string) ([]byte, error) {
	path, err := openIn(root, name)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open %s in the container: %w", name, err)
	}
	defer path.Close()
	// Only what is known to be regular is opened for reading: opening a fifo
	// blocks, opening a device may do anything.
	if st, err := path.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s in the container: %w", name, errors.Join(err, errors.New("not a regular file")))
	}
	f, err := os.Open(filepath.Join("/proc/self/fd", strconv.Itoa(int(path.Fd()))))
	if err != nil {
		return nil, fmt.Errorf("open %s in the container: %w", name, err)
	}
	defer f.Close()
	data, err := fsx.ReadFileAtMost(f, MaxFile)
	if errors.Is(err, fsx.ErrTooLarge) {
		return nil, fmt.Errorf("%s in the container: over %d bytes: %w", name, MaxFile, fsx.ErrTooLarge)
	}
	return data, err
}

// openIn opens name below root, without rights to read (O_PATH).
func openIn(root *os.File, name string) (*os.File, error) {
	how := &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	for range 128 { // EAGAIN: something was renamed meanwhile
		fd, err := unix.Openat2(int(root.Fd()), name, how)
		if err == nil {
			return os.NewFile(uintptr(fd), name), nil
		}
		if !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) {
			return nil, err
		}
	}
	return nil, unix.EAGAIN
}
