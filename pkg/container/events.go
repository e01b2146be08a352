package container

import (
	"context"
	"time"

	"github.com/pouchcontainer/pouch/pkg/events"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// EventsOpts say which events Events tells.
type EventsOpts struct {
	Since   time.Time // zero, without Until too: only those to come
	Until   time.Time // the end, at once when it has passed; zero: until ctx ends
	Filters events.Filters
}

// Event is one event as docker's API has it.
type Event struct {
	Status   string `json:"status,omitempty"` // Action, of containers and images
	ID       string `json:"id,omitempty"`     // of the actor, of containers and images
	From     string `json:"from,omitempty"`   // a container's image
	Type     string
	Action   string
	Actor    EventActor
	Scope    string `json:"scope"`    // local
	Time     int64  `json:"time"`     // seconds since 1970
	TimeNano int64  `json:"timeNano"` // nanoseconds since 1970
}

// EventActor is what an event happened to.
type EventActor struct {
	ID         string
	Attributes record.Labels
}

// Events tells what happened to containers, images, networks and volumes, the
// oldest first, and what happens until o.Until or the end of ctx, whose error it
// returns. It needs no engine.
func (m *Manager) Events(ctx context.Context, o EventsOpts, tell func(Event) error) error {
	ro := events.ReadOptions{Since: o.Since, Until: o.Until, Match: o.Filters.Match}
	return events.Read(ctx, m.Store, ro, func(e *record.Event) error { return tell(newEvent(e)) })
}

func newEvent(e *record.Event) Event {
	out := Event{
		Type: e.Type, Action: e.Action, Actor: EventActor{e.ID, e.Attributes}, Scope: "local",
		Time: e.Time.Unix(), TimeNano: e.Time.UnixNano(),
	}
	if out.Actor.Attributes == nil {
		out.Actor.Attributes = record.Labels{}
	}
	switch e.Type {
	case "container":
		out.Status, out.ID, out.From = e.Action, e.ID, e.Attributes["image"]
	case "image":
		out.Status, out.ID = e.Action, e.ID
	}
	return out
}

// eventOf is event of the container id, if that is there.
func (m *Manager) eventOf(id, action string, more record.Labels) {
	if c, err := m.Store.Container(id); err == nil {
		m.event(c, action, more)
	}
}

// event tells what happened to c; more are attributes beside its name, image and
// labels.
func (m *Manager) event(c *record.Container, action string, more record.Labels) {
	events.Emit(m.Store, events.OfContainer(c, action, more))
}
