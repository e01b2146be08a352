package container

import (
	"strconv"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// cannotStart is the exit code in the state of a container that could not be
// started for another reason than its command; docker's.
const cannotStart = 128

// startCode is the exit code of a container that could not be started because of
// err.
func startCode(err error) int {
	if code := errs.KindOf(err).Exit(); code != 1 {
		return code
	}
	return cannotStart
}

// startFailed are what an event tells of a start that failed.
func startFailed(err error) record.Labels {
	a := record.Labels{"exitCode": strconv.Itoa(startCode(err)), "error": err.Error()}
	if cause := errs.CauseOf(err); cause != "" {
		a["cause"] = cause
	}
	return a
}

// notStarted writes into a container's state why it did not start, so that
// inspect tells it: 127 for a command that is missing, 126 for one that cannot
// be executed.
func (m *Manager) notStarted(id string, why error) error {
	st, err := m.Store.State(id)
	if err != nil {
		return err
	}
	st.ExitCode = startCode(why)
	st.Error, st.Cause = why.Error(), errs.CauseOf(why)
	return m.Store.SetState(id, st)
}
