package lxcfs

import (
	"os"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// users returns the ids of the containers, but except, that run with lxcfs or are
// about to: their run folder is there from before their supervisor starts until
// their run was released. A container whose record cannot be read may use it.
func (v *Service) users(except string) ([]string, error) {
	ids, err := v.s.ContainerIDs()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, id := range ids {
		if _, err := os.Lstat(v.s.RunDir(id)); err != nil || id == except {
			continue
		}
		c, err := v.s.Container(id)
		if err == nil && c.Host.Lxcfs || err != nil && !errs.Is(err, errs.NotFound) {
			out = append(out, id)
		}
	}
	return out, nil
}

// running returns the containers that have a process 1, with the process.
func (v *Service) running() (map[string]record.Proc, error) {
	ids, err := v.users("")
	if err != nil {
		return nil, err
	}
	out := map[string]record.Proc{}
	for _, id := range ids {
		if st, err := v.s.State(id); err == nil && st.Init.Pid > 0 {
			out[id] = st.Init
		}
	}
	return out, nil
}
