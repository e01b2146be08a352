package cgroup

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// maxRecord bounds what Recall reads, in bytes.
const maxRecord = 64 << 10

func recordPath(stateDir, id string) string {
	return filepath.Join(stateDir, "."+id+".cgroups")
}

// Record notes in stateDir which cgroups container id is about to have, before
// they are made: so Recall finds them whatever dies meanwhile. It need not
// outlive the boot, as cgroups do not.
func (g *Group) Record(stateDir, id string) error {
	b, err := json.Marshal(g.Paths())
	if err != nil {
		return err
	}
	return fsx.WriteVolatile(recordPath(stateDir, id), b, 0o600)
}

// Recall returns the group that Record noted for id, and /pouch/<id>, the place
// that follows from the id, when nothing was noted or it cannot be read.
func Recall(stateDir, id string) (*Group, error) {
	b, err := fsx.ReadAtMost(recordPath(stateDir, id), maxRecord)
	if err == nil {
		var paths []string
		if err = json.Unmarshal(b, &paths); err == nil {
			var g *Group
			if g, err = Dirs(paths); err == nil {
				return g, nil
			}
		}
	}
	g, derr := Of("/pouch/" + id)
	if derr != nil {
		return nil, fmt.Errorf("cgroups of %s: %w", id, errors.Join(derr, err))
	}
	return g, nil
}

// Forget removes what Record noted, also what a Record left that was killed at
// it. Idempotent.
func Forget(stateDir, id string) error {
	path := recordPath(stateDir, id)
	half, err := fsx.Prefixed(stateDir, fsx.TempPrefix+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	for _, p := range append(half, path) {
		if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
