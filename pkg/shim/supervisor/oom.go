package supervisor

import (
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
	"github.com/pouchcontainer/pouch/pkg/shim/taskapi"
)

// oomWatch tells when the kernel kills for memory, as it happens: containerd, or
// by an event of Pouch. The nil oomWatch watches nothing.
type oomWatch struct {
	stop func()
	told bool // read it after stop
}

// watchOOM begins to watch a life of the container. Where that is not possible the
// end of the life tells it.
func (t *task) watchOOM(c engine.Container) *oomWatch {
	w := &oomWatch{}
	stop, err := c.WatchOOM(func() {
		w.told = true
		if t.rec != nil {
			t.event("oom", nil)
			return
		}
		t.s.publish(&taskapi.TaskOOM{ContainerID: t.id})
	})
	if err != nil {
		if !errs.Is(err, errs.Unsupported) {
			t.s.log.errorf("%v", err)
		}
		return nil
	}
	w.stop = stop
	return w
}

// end ends the watch and reports whether it has told anything.
func (w *oomWatch) end() bool {
	if w == nil {
		return false
	}
	w.stop()
	return w.told
}
