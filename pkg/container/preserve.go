package container

import "os"

// MaxPreserved is how many descriptors fit into a message beside the standard
// streams (SCM_MAX_FD of unix(7) leaves room for more than that).
const MaxPreserved = 60

// Preserved are descriptors of the caller that a container's process gets, from
// 3 on.
type Preserved struct {
	Files []*os.File
	Env   []string // variables that tell the process of them
}

// preserve adds the caller's further descriptors to the wiring. They are closed
// with the rest: a pipe among them ends with the container.
func (w *wiring) preserve(asked int, streams IO) error {
	if streams.Preserve == nil {
		return nil
	}
	p, err := streams.Preserve(asked)
	if err != nil {
		return err
	}
	w.preserved, w.env = p.Files, p.Env
	return nil
}
