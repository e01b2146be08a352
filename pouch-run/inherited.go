package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// inherited are the descriptors from 3 on that are open now, but for those of
// the Go runtime, which it makes for itself where the caller left a gap.
func inherited() map[int]bool {
	out := map[int]bool{}
	d, err := os.Open("/proc/self/fd")
	if err != nil {
		return out
	}
	defer d.Close()
	names, _ := d.Readdirnames(-1) // what is missing is not handed over
	for _, name := range names {
		n, err := strconv.Atoi(name)
		if err != nil || n < 3 || n == int(d.Fd()) {
			continue
		}
		link, err := os.Readlink("/proc/self/fd/" + name)
		out[n] = err == nil && !strings.HasPrefix(link, "anon_inode:[eventpoll]") && !strings.HasPrefix(link, "anon_inode:[eventfd]")
	}
	return out
}

// inheritedFile is descriptor n as the caller left it. It is called before this
// program opens anything that stays open.
func inheritedFile(n int) (*os.File, error) {
	if n > 2 && !inherited()[n] {
		return nil, errs.New(errs.Invalid, "descriptor %d is not open", n)
	}
	return os.NewFile(uintptr(n), fmt.Sprintf("descriptor %d", n)), nil
}
