package record

import "time"

// Event is one thing that happened to an object; the fields are those of
// docker's events.
type Event struct {
	Time       time.Time `json:"time"`
	Type       string    `json:"type"`   // container, image, network or volume
	Action     string    `json:"action"` // docker's: create, start, die, oom, health_status: healthy, …
	ID         string    `json:"id"`
	Attributes Labels    `json:"attributes,omitempty"` // name, image, exitCode, signal …, and a container's labels
}
