package supervisor

import "github.com/pouchcontainer/pouch/pkg/shim/taskapi"

// publish tells containerd what happened, in the order of the calls.
func (s *Supervisor) publish(event taskapi.Event) {
	if !s.events.Publish(event) {
		s.log.errorf("event %s was lost", event.Topic())
	}
}
