package quota

import (
	"bufio"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Where the ids of Choose begin: far from the low ones that people, docker and
// kubelet use, and so apart that an id tells what it is of.
const (
	Volumes    uint32 = 1 << 30
	Containers uint32 = 1<<30 + span
	span       uint32 = 1 << 29
)

// Choose returns the id of a project that has neither files nor a limit on the
// filesystem that dir lies on and that /etc/projects and /etc/projid do not name,
// from one of the beginnings Volumes and Containers on. It is drawn by lot: that
// keeps processes, run-roots and machines that share a disk apart without a lock
// that all of them would have to know. The caller writes it down, then sets a
// limit. It fails as Check does.
func Choose(dir string, from uint32) (uint32, error) {
	if err := Check(dir); err != nil {
		return 0, err
	}
	named := named("/etc/projid", "/etc/projects")
	for range 100 {
		id := from + rand.Uint32N(span)
		u, err := Read(dir, id)
		if err != nil {
			return 0, err
		}
		if u == (Use{}) && !named[id] {
			return id, nil
		}
	}
	return 0, errs.New(errs.Unavailable, "no project id is free on the filesystem of %s: 100 were tried", dir)
}

// named are the ids in files as /etc/projid (NAME:ID) and /etc/projects (ID:PATH)
// of xfs_quota(8).
func named(files ...string) map[uint32]bool {
	out := map[uint32]bool{}
	for _, path := range files {
		f, err := os.Open(path)
		if err != nil {
			continue // usually there is none
		}
		for s := bufio.NewScanner(f); s.Scan(); {
			for word := range strings.SplitSeq(s.Text(), ":") {
				if id, err := strconv.ParseUint(strings.TrimSpace(word), 10, 32); err == nil {
					out[uint32(id)] = true
				}
			}
		}
		f.Close()
	}
	return out
}
