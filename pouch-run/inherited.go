package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// inheritedFile is descriptor n as the caller left it. Those of the Go runtime,
// which it makes for itself where the caller left a gap, do not count.
func inheritedFile(n int) (*os.File, error) {
	link, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", n))
	if err != nil || strings.HasPrefix(link, "anon_inode:[eventpoll]") || strings.HasPrefix(link, "anon_inode:[eventfd]") {
		return nil, errs.New(errs.Invalid, "descriptor %d is not open", n)
	}
	if _, err := unix.FcntlInt(uintptr(n), unix.F_GETFL, 0); err != nil {
		return nil, errs.New(errs.Invalid, "descriptor %d: %w", n, err)
	}
	return os.NewFile(uintptr(n), fmt.Sprintf("descriptor %d", n)), nil
}

// inheritedFiles are count descriptors from 3 on.
func inheritedFiles(count int) ([]*os.File, error) {
	var out []*os.File
	for n := 3; n < 3+count; n++ {
		f, err := inheritedFile(n)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}
