package container

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
)

// detach tells the supervisor of a container that has started that this command
// goes and the container stays. One that has ended since then, its supervisor
// too, is as good: it did run.
func (s *supervisor) detach() error {
	err := s.conn.Send(&ctl.Message{Op: ctl.Detach})
	if errors.Is(err, unix.EPIPE) || errors.Is(err, unix.ECONNRESET) {
		return nil
	}
	return err
}
