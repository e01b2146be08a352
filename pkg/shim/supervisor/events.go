package supervisor

import (
	eventsapi "github.com/containerd/containerd/api/events"
	"google.golang.org/protobuf/proto"
)

// publish sends a task event to containerd under its topic
// (core/runtime/events.go of containerd).
func (s *Supervisor) publish(event proto.Message) {
	topic := ""
	switch event.(type) {
	case *eventsapi.TaskCreate:
		topic = "/tasks/create"
	case *eventsapi.TaskStart:
		topic = "/tasks/start"
	case *eventsapi.TaskOOM:
		topic = "/tasks/oom"
	case *eventsapi.TaskExit:
		topic = "/tasks/exit"
	case *eventsapi.TaskDelete:
		topic = "/tasks/delete"
	case *eventsapi.TaskExecAdded:
		topic = "/tasks/exec-added"
	case *eventsapi.TaskExecStarted:
		topic = "/tasks/exec-started"
	case *eventsapi.TaskPaused:
		topic = "/tasks/paused"
	case *eventsapi.TaskResumed:
		topic = "/tasks/resumed"
	}
	if !s.events.Publish(topic, event) {
		s.log.errorf("event %s was lost", topic)
	}
}
