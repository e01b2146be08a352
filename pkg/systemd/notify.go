package systemd

import (
	"fmt"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Notify tells the service manager that NOTIFY_SOCKET names: state is one or more
// lines of sd_notify(3), such as READY=1 or MAINPID=812. Without the variable it
// does nothing. It may be called again; it does not wait for the manager to act.
func Notify(state string) error {
	if _, err := daemon.SdNotify(false, state); err != nil {
		return fmt.Errorf("notify the service manager: %w", err)
	}
	return nil
}

// Watchdog is how often the service manager wants to hear WATCHDOG=1 from this
// process (sd_watchdog_enabled(3)): half of the unit's WatchdogSec. 0: it does not.
func Watchdog() (time.Duration, error) {
	d, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return 0, fmt.Errorf("watchdog of the service manager: %w", err)
	}
	return d / 2, nil
}
