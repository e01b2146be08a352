package supervisor

import (
	"strings"
	"sync"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/libexec"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
	"github.com/pouchcontainer/pouch/pkg/shim/ociruntime"
)

// engines are the OCI runtimes that this program has used, by path. Each has a
// reaper, which lives as long as the program, so there is one of a kind.
type engines struct {
	mu     sync.Mutex
	byPath map[string]engine.Engine
}

// engine returns the engine for an OCI runtime: a path, the name of a program
// of this build, or empty for libcontainer. One runtime has one engine.
func (s *Supervisor) engine(runtime string) (engine.Engine, error) {
	if runtime == "" {
		return s.libct, nil
	}
	if !strings.Contains(runtime, "/") {
		path, err := libexec.Find(runtime)
		if err != nil {
			return nil, errs.New(errs.Unavailable, "runtime %s: %w", runtime, err)
		}
		runtime = path
	}
	return s.engines.get(runtime)
}

func (e *engines) get(path string) (engine.Engine, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if known := e.byPath[path]; known != nil {
		return known, nil
	}
	made, err := ociruntime.New(path)
	if err != nil {
		return nil, err
	}
	if e.byPath == nil {
		e.byPath = map[string]engine.Engine{}
	}
	e.byPath[path] = made
	return made, nil
}
