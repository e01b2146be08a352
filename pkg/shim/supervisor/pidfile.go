package supervisor

import (
	"os"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// writePidFile tells process 1's pid, as the host sees it, before anybody is
// told that it runs: a service manager reads the file then.
func (t *task) writePidFile(pid int) {
	if t.rec == nil || t.rec.Policy.PidFile == "" {
		return
	}
	if err := fsx.WriteVolatile(t.rec.Policy.PidFile, []byte(strconv.Itoa(pid)+"\n"), 0o644); err != nil {
		t.s.log.errorf("write the pid file: %v", err)
		t.noteError(err)
	}
}

// removePidFile removes it after the container's end, unless it is another
// one's by now.
func (t *task) removePidFile(pid int) {
	if t.rec == nil || t.rec.Policy.PidFile == "" {
		return
	}
	data, err := fsx.ReadAtMost(t.rec.Policy.PidFile, 64)
	if err == nil && strings.TrimSpace(string(data)) == strconv.Itoa(pid) {
		os.Remove(t.rec.Policy.PidFile)
	}
}
