package engine

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// search returns the containerd that runs with the configuration conf and of
// which there is no other trace: the command that started it died before it
// noted it, and it does not listen yet. Two of them in one root would be fatal.
func search(conf string) (record.Proc, error) {
	pids, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return record.Proc{}, err
	}
	for _, dir := range pids {
		line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		argv := bytes.Split(line, []byte{0})
		if err != nil || len(argv) < 3 || string(argv[1]) != "--config" || string(argv[2]) != conf || filepath.Base(string(argv[0])) != "containerd" {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		// What it has just forked has its command line for a moment: spawn made it lead a session.
		if sid, err := unix.Getsid(pid); err != nil || sid != pid {
			continue
		}
		if p, err := proc.Of(pid); err == nil && proc.Alive(p) {
			return p, nil
		}
	}
	return record.Proc{}, errs.New(errs.NotFound, "no containerd runs with %s", conf)
}
