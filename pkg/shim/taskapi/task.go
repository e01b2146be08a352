// Package taskapi is the messages of containerd's task service, which a shim
// serves, and of the events that it tells: plain data in the form of pkg/wire,
// with the names of containerd/api's runtime/task/v3 and events.
package taskapi

import "github.com/pouchcontainer/pouch/pkg/wire"

// Mount is containerd.types.Mount.
type Mount struct {
	Type    string   `pb:"1"`
	Source  string   `pb:"2"`
	Target  string   `pb:"3"`
	Options []string `pb:"4"`
}

// Status of containerd.v1.types.
type Status int32

// The states of a task.
const (
	StatusCreated Status = 1
	StatusRunning Status = 2
	StatusStopped Status = 3
	StatusPaused  Status = 4
)

// CreateTaskRequest makes a container.
type CreateTaskRequest struct {
	ID         string   `pb:"1"`
	Bundle     string   `pb:"2"`
	Rootfs     []Mount  `pb:"3"`
	Terminal   bool     `pb:"4"`
	Stdin      string   `pb:"5"`
	Stdout     string   `pb:"6"`
	Stderr     string   `pb:"7"`
	Checkpoint string   `pb:"8"`
	Options    wire.Any `pb:"10"`
}

// CreateTaskResponse answers it.
type CreateTaskResponse struct {
	Pid uint32 `pb:"1"`
}

// ProcessRequest names a process: process 1, or an exec when ExecID is not empty.
// It is the request of State, Start, Delete and Wait.
type ProcessRequest struct {
	ID     string `pb:"1"`
	ExecID string `pb:"2"`
}

// TaskRequest names a container. It is the request of Pids, Pause, Resume, Stats
// and Connect.
type TaskRequest struct {
	ID string `pb:"1"`
}

// StateResponse is what is known of a process.
type StateResponse struct {
	ID         string         `pb:"1"`
	Bundle     string         `pb:"2"`
	Pid        uint32         `pb:"3"`
	Status     Status         `pb:"4"`
	Stdin      string         `pb:"5"`
	Stdout     string         `pb:"6"`
	Stderr     string         `pb:"7"`
	Terminal   bool           `pb:"8"`
	ExitStatus uint32         `pb:"9"`
	ExitedAt   wire.Timestamp `pb:"10"`
	ExecID     string         `pb:"11"`
}

// StartResponse answers Start.
type StartResponse struct {
	Pid uint32 `pb:"1"`
}

// DeleteResponse answers Delete.
type DeleteResponse struct {
	Pid        uint32         `pb:"1"`
	ExitStatus uint32         `pb:"2"`
	ExitedAt   wire.Timestamp `pb:"3"`
}

// WaitResponse answers Wait.
type WaitResponse struct {
	ExitStatus uint32         `pb:"1"`
	ExitedAt   wire.Timestamp `pb:"2"`
}

// PidsResponse lists a container's processes.
type PidsResponse struct {
	Processes []ProcessInfo `pb:"1"`
}

// ProcessInfo is containerd.v1.types.ProcessInfo.
type ProcessInfo struct {
	Pid  uint32   `pb:"1"`
	Info wire.Any `pb:"2"`
}

// ProcessDetails of containerd.runc.v1 is the Info of an exec.
type ProcessDetails struct {
	ExecID string `pb:"1"`
}

// CheckpointTaskRequest freezes a container to disk.
type CheckpointTaskRequest struct {
	ID      string   `pb:"1"`
	Path    string   `pb:"2"`
	Options wire.Any `pb:"3"`
}

// KillRequest signals a process, or all.
type KillRequest struct {
	ID     string `pb:"1"`
	ExecID string `pb:"2"`
	Signal uint32 `pb:"3"`
	All    bool   `pb:"4"`
}

// ExecProcessRequest makes a further process.
type ExecProcessRequest struct {
	ID       string   `pb:"1"`
	ExecID   string   `pb:"2"`
	Terminal bool     `pb:"3"`
	Stdin    string   `pb:"4"`
	Stdout   string   `pb:"5"`
	Stderr   string   `pb:"6"`
	Spec     wire.Any `pb:"7"`
}

// ResizePtyRequest sets the size of a terminal.
type ResizePtyRequest struct {
	ID     string `pb:"1"`
	ExecID string `pb:"2"`
	Width  uint32 `pb:"3"`
	Height uint32 `pb:"4"`
}

// CloseIORequest closes a process' input.
type CloseIORequest struct {
	ID     string `pb:"1"`
	ExecID string `pb:"2"`
	Stdin  bool   `pb:"3"`
}

// UpdateTaskRequest changes limits: the OCI resources, JSON.
type UpdateTaskRequest struct {
	ID        string   `pb:"1"`
	Resources wire.Any `pb:"2"`
}

// StatsResponse has the figures of a container's cgroup.
type StatsResponse struct {
	Stats wire.Any `pb:"1"`
}

// ConnectResponse tells the pids.
type ConnectResponse struct {
	ShimPid uint32 `pb:"1"`
	TaskPid uint32 `pb:"2"`
}

// RuncOptions is containerd.runc.v1.Options, as far as it has a meaning here.
type RuncOptions struct {
	BinaryName    string `pb:"6"`
	SystemdCgroup bool   `pb:"9"`
}

// RuntimeOptions is runtimeoptions.v1.Options: TOML, in a file or here.
type RuntimeOptions struct {
	TypeURL    string `pb:"1"`
	ConfigPath string `pb:"2"`
	ConfigBody []byte `pb:"3"`
}
