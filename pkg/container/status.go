package container

import (
	"fmt"
	"time"

	"github.com/docker/go-units"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// StatusText is a container's state in the words of docker ps: Up 5 minutes,
// Exited (1) 2 hours ago.
func StatusText(st *record.State, now time.Time) string {
	since := func(t time.Time) string { return units.HumanDuration(now.Sub(t)) }
	switch st.Status {
	case record.Running:
		return "Up " + since(st.Started) + healthText(st.Health)
	case record.Paused:
		return "Up " + since(st.Started) + " (Paused)"
	case record.Restarting:
		return fmt.Sprintf("Restarting (%d) %s ago", st.ExitCode, since(st.Finished))
	case record.Exited:
		return fmt.Sprintf("Exited (%d) %s ago", st.ExitCode, since(st.Finished))
	case record.Removing:
		return "Removal In Progress"
	case record.Creating:
		return "Creating"
	}
	return "Created"
}

// healthText is what StatusText says of a running container's health.
func healthText(h *record.HealthState) string {
	switch {
	case h == nil:
		return ""
	case h.Status == "starting":
		return " (health: starting)"
	}
	return " (" + h.Status + ")"
}
