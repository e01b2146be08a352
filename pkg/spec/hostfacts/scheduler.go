package hostfacts

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Scheduler is the I/O scheduler in force of the block device at path, as bfq or
// none; empty for a part of a disk, or one that is not there
// (Documentation/block/switching-sched.rst).
func Scheduler(path string) string {
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFBLK {
		return ""
	}
	dev := fmt.Sprintf("%d:%d", unix.Major(st.Rdev), unix.Minor(st.Rdev))
	list, err := os.ReadFile(filepath.Join("/sys/dev/block", dev, "queue/scheduler"))
	if err != nil {
		return ""
	}
	text := string(list)
	if _, after, chosen := strings.Cut(text, "["); chosen {
		text, _, _ = strings.Cut(after, "]")
	}
	return strings.TrimSpace(text)
}
