package lxcfs

import (
	"context"

	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Status is what there is of lxcfs.
type Status struct {
	State      string      `json:"state"` // running, stopped, or hung: it lives and does not answer
	Proc       record.Proc `json:"process"`
	Keep       bool        `json:"keep"`       // it stays without a container
	Containers []string    `json:"containers"` // that run with it
}

// Status looks, and changes nothing.
func (v *Service) Status(ctx context.Context) (Status, error) {
	users, err := v.users("")
	if err != nil {
		return Status{}, err
	}
	n, runs := v.find()
	st := Status{State: "stopped", Containers: users}
	if !runs {
		return st, nil
	}
	st.State, st.Proc, st.Keep = "running", n.Proc, n.Keep
	trees, err := v.trees(ctx, n.Proc, nil)
	closeAll(trees)
	switch {
	case err == nil:
	case !proc.Alive(n.Proc) || proc.Exiting(n.Proc):
		st = Status{State: "stopped", Containers: users} // just now
	default:
		st.State = "hung"
	}
	return st, ctx.Err()
}
