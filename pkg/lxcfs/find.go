package lxcfs

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// note is what is written down of the daemon that runs.
type note struct {
	Proc record.Proc `json:"proc"`
	Keep bool        `json:"keep"` // it stays without a container, until it is told to stop
}

// setNote writes in place, with the lock held: half a note is none, and search finds
// what it was of. So a kill leaves no draft.
func (v *Service) setNote(n note) error {
	data, err := json.Marshal(n)
	if err != nil {
		return err
	}
	return os.WriteFile(v.s.LxcfsNote(), data, 0o600)
}

func (v *Service) dropNote() error {
	if err := os.Remove(v.s.LxcfsNote()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// find returns the daemon that runs, whether it answers or not.
func (v *Service) find() (n note, found bool) {
	if b, err := fsx.ReadAtMost(v.s.LxcfsNote(), 1<<12); err == nil && json.Unmarshal(b, &n) == nil && proc.Alive(n.Proc) {
		return n, true
	}
	p, ok := search(v.dir())
	return note{Proc: p}, ok
}

// search returns the lxcfs that mounts, or will mount, at dir and of which there
// is no note: the command that started it died before it wrote one.
func search(dir string) (record.Proc, bool) {
	pids, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return record.Proc{}, false
	}
	for _, d := range pids {
		line, err := os.ReadFile(filepath.Join(d, "cmdline"))
		argv := bytes.Split(bytes.TrimRight(line, "\x00"), []byte{0})
		if err != nil || len(argv) < 2 || filepath.Base(string(argv[0])) != "lxcfs" || string(argv[len(argv)-1]) != dir {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(d))
		if err != nil {
			continue
		}
		if p, err := proc.Of(pid); err == nil && proc.Alive(p) {
			return p, true
		}
	}
	return record.Proc{}, false
}
