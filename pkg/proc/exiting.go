package proc

import (
	"bytes"
	"os"
	"strconv"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// pfExiting is PF_EXITING of the kernel's include/linux/sched.h: the thread has
// begun to end, its descriptors may be closed already.
const pfExiting = 0x4

// Exiting reports whether p, which is Alive, has begun to end and will not
// change anything any more. Of one that waits for others in its pid namespace
// that may take a while.
func Exiting(p record.Proc) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(p.Pid) + "/stat")
	if err != nil {
		return true
	}
	f := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(f) < 20 {
		return false
	}
	flags, err := strconv.ParseUint(string(f[6]), 10, 32)
	return err == nil && flags&pfExiting != 0
}
