package systemd

import (
	"errors"
	"fmt"

	"github.com/coreos/go-systemd/v22/journal"
)

// Priority of an entry: syslog(3)'s levels.
type Priority int

// The priorities that container output has.
const (
	Err  = Priority(journal.PriErr)
	Info = Priority(journal.PriInfo)
)

// ErrNoJournal says that nobody listens at the journal's socket.
var ErrNoJournal = errors.New("systemd's journal does not run here (/run/systemd/journal/socket)")

// HasJournal reports whether somebody listens at the journal's socket.
func HasJournal() bool { return journal.Enabled() }

// Journal writes one entry with further fields, whose names are of capital
// letters, digits and underscores (systemd.journal-fields(7)). It waits while the
// journal has no room.
func Journal(message string, p Priority, fields map[string]string) error {
	if err := journal.Send(message, journal.Priority(p), fields); err != nil {
		return fmt.Errorf("write to the journal: %w", err)
	}
	return nil
}
