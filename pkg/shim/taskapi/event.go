package taskapi

import "github.com/pouchcontainer/pouch/pkg/wire"

// An Event is one of package containerd.events.
type Event interface {
	Topic() string // under which containerd passes it on
	Type() string  // name of the message
}

// TaskCreate says that a container was made.
type TaskCreate struct {
	ContainerID string  `pb:"1"`
	Bundle      string  `pb:"2"`
	Rootfs      []Mount `pb:"3"`
	IO          TaskIO  `pb:"4"`
	Pid         uint32  `pb:"6"`
}

// TaskIO is where its streams are.
type TaskIO struct {
	Stdin    string `pb:"1"`
	Stdout   string `pb:"2"`
	Stderr   string `pb:"3"`
	Terminal bool   `pb:"4"`
}

// TaskStart says that it runs.
type TaskStart struct {
	ContainerID string `pb:"1"`
	Pid         uint32 `pb:"2"`
}

// TaskDelete says that it was removed.
type TaskDelete struct {
	ContainerID string         `pb:"1"`
	Pid         uint32         `pb:"2"`
	ExitStatus  uint32         `pb:"3"`
	ExitedAt    wire.Timestamp `pb:"4"`
	ID          string         `pb:"5"`
}

// TaskExit says that a process has ended; of process 1 ID is the container's.
type TaskExit struct {
	ContainerID string         `pb:"1"`
	ID          string         `pb:"2"`
	Pid         uint32         `pb:"3"`
	ExitStatus  uint32         `pb:"4"`
	ExitedAt    wire.Timestamp `pb:"5"`
}

// TaskOOM says that the kernel killed one of its processes for memory.
type TaskOOM struct {
	ContainerID string `pb:"1"`
}

// TaskExecAdded says that an exec was made.
type TaskExecAdded struct {
	ContainerID string `pb:"1"`
	ExecID      string `pb:"2"`
}

// TaskExecStarted says that an exec runs.
type TaskExecStarted struct {
	ContainerID string `pb:"1"`
	ExecID      string `pb:"2"`
	Pid         uint32 `pb:"3"`
}

// TaskPaused says that the container is frozen.
type TaskPaused struct {
	ContainerID string `pb:"1"`
}

// TaskResumed says that it runs again.
type TaskResumed struct {
	ContainerID string `pb:"1"`
}

// Topic implements Event.
func (*TaskCreate) Topic() string { return "/tasks/create" }

// Type implements Event.
func (*TaskCreate) Type() string { return "containerd.events.TaskCreate" }

// Topic implements Event.
func (*TaskStart) Topic() string { return "/tasks/start" }

// Type implements Event.
func (*TaskStart) Type() string { return "containerd.events.TaskStart" }

// Topic implements Event.
func (*TaskDelete) Topic() string { return "/tasks/delete" }

// Type implements Event.
func (*TaskDelete) Type() string { return "containerd.events.TaskDelete" }

// Topic implements Event.
func (*TaskExit) Topic() string { return "/tasks/exit" }

// Type implements Event.
func (*TaskExit) Type() string { return "containerd.events.TaskExit" }

// Topic implements Event.
func (*TaskOOM) Topic() string { return "/tasks/oom" }

// Type implements Event.
func (*TaskOOM) Type() string { return "containerd.events.TaskOOM" }

// Topic implements Event.
func (*TaskExecAdded) Topic() string { return "/tasks/exec-added" }

// Type implements Event.
func (*TaskExecAdded) Type() string { return "containerd.events.TaskExecAdded" }

// Topic implements Event.
func (*TaskExecStarted) Topic() string { return "/tasks/exec-started" }

// Type implements Event.
func (*TaskExecStarted) Type() string { return "containerd.events.TaskExecStarted" }

// Topic implements Event.
func (*TaskPaused) Topic() string { return "/tasks/paused" }

// Type implements Event.
func (*TaskPaused) Type() string { return "containerd.events.TaskPaused" }

// Topic implements Event.
func (*TaskResumed) Topic() string { return "/tasks/resumed" }

// Type implements Event.
func (*TaskResumed) Type() string { return "containerd.events.TaskResumed" }
