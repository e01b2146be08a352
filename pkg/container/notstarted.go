package container

import "github.com/pouchcontainer/pouch/pkg/errs"

// cannotStart is the exit code in the state of a container that could not be
// started for another reason than its command; docker's.
const cannotStart = 128

// notStarted writes into a container's state why it did not start, so that
// inspect tells it: 127 for a command that is missing, 126 for one that cannot
// be executed.
func (m *Manager) notStarted(id string, why error) error {
	st, err := m.Store.State(id)
	if err != nil {
		return err
	}
	if st.ExitCode = errs.KindOf(why).Exit(); st.ExitCode == 1 {
		st.ExitCode = cannotStart
	}
	st.Error = why.Error()
	return m.Store.SetState(id, st)
}
