// Package ctl is the language between Pouch's commands and a container's
// supervisor: one JSON message a packet on a SOCK_SEQPACKET unix socket, file
// descriptors beside it (SCM_RIGHTS).
package ctl

import (
	"time"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// Op is what a message asks or tells.
type Op string

// Requests, from a command.
const (
	// Launch is the first message on the descriptor that the supervisor
	// inherits: how the container's stdio is wired. With Stdio inherit the
	// caller's descriptors 0, 1 and 2 come along.
	Launch Op = "launch"
	// Ports hands over bound host sockets, one descriptor for each of Ports, in
	// order; connections go to the same port of address Target in the container.
	// May come several times, after Launch and before the container starts.
	Ports Op = "ports"
	// Published asks for the ports whose sockets are held. Answered by messages of op
	// Ports, then OK.
	Published Op = "published"
	// Retarget has connections to published ports go to the address Target from now
	// on; an empty one: they are refused. Answered by OK.
	Retarget Op = "retarget"
	// Start lets the created container's process run. Only on the connection of
	// Launch; answered by Started or Error.
	Start Op = "start"
	// Detach says that the end of this connection means nothing from now on.
	Detach Op = "detach"
	// Signal sends Signal to process 1, or to the exec of this connection.
	Signal Op = "signal"
	// Stop sends Signal, waits Timeout seconds (negative: for ever), kills.
	// No restart follows. Answered by Exited, or by Error.
	Stop Op = "stop"
	// Kill sends Signal to process 1; SIGKILL counts as a stop by the user.
	// Answered by OK.
	Kill Op = "kill"
	// Restart ends this life of the container as Stop does, and begins another at
	// once. Answered by OK when that runs.
	Restart Op = "restart"
	// Pause and Unpause freeze and thaw the container. Answered by OK.
	Pause   Op = "pause"
	Unpause Op = "unpause"
	// Wait is answered by Exited when the container has ended for good.
	Wait Op = "wait"
	// Exec runs Exec in the container; stdio as with Launch. Answered by
	// Started, then Exited. The process ends with the connection, unless Detach.
	Exec Op = "exec"
	// Attach connects to the container's terminal or log streams. Answered by
	// Stream.
	Attach Op = "attach"
	// Resize sets the size of the terminal of this connection's process.
	Resize Op = "resize"
	// Update changes limits and policy of the living container to those that the
	// record on disk has by now. Answered by OK.
	Update Op = "update"
	// Reread takes over from the record on disk what is no limit: name, labels,
	// restart policy. Update does that too. Answered by OK.
	Reread Op = "reread"
	// Probe runs the health check once, beside its schedule. Answered by Exited
	// with its code and Message, its output.
	Probe Op = "probe"
	// Watch is answered by Health at every change of the container's health, the
	// present one at once, until the connection or the container ends; the latter
	// is told by Exited.
	Watch Op = "watch"
	// Checkpoint writes the container's processes to the folder that came along as
	// a descriptor. Answered by OK.
	Checkpoint Op = "checkpoint"
	// Ping asks whether the supervisor is well. Answered by OK.
	Ping Op = "ping"
)

// Answers and events, from the supervisor.
const (
	OK      Op = "ok"
	Started Op = "started" // Pid runs
	Exited  Op = "exited"  // ExitCode, OOMKilled
	Stream  Op = "stream"  // one descriptor comes along: a stream socket with the terminal's bytes
	Error   Op = "error"   // Kind, Message
	Health  Op = "health"  // Message: starting, healthy or unhealthy
	Notify  Op = "notify"  // Message: for the service manager, in the words of sd_notify(3); to the launching client alone
)

// Stdio says where a process' standard streams go.
type Stdio string

// The wirings.
const (
	Inherit Stdio = "inherit" // the three descriptors that came along
	Log     Stdio = "log"     // the log driver; stdin is empty, or held open with OpenStdin
	Tee     Stdio = "tee"     // the log driver and the descriptors that came along
	TTY     Stdio = "tty"     // a terminal of the supervisor's; a Stream answer follows
	Null    Stdio = "null"
)

// Message is a packet.
type Message struct {
	Op       Op           `json:"op"`
	Stdio    Stdio        `json:"stdio,omitempty"`
	Detached bool         `json:"detached,omitempty"` // Launch: nobody waits; Exec: outlives the connection
	Signal   int          `json:"signal,omitempty"`
	Timeout  int          `json:"timeout,omitempty"` // seconds
	Next     bool         `json:"next,omitempty"`    // Wait: for the end of this life, be it followed by another
	Hold     bool         `json:"hold,omitempty"`    // Pause: until this connection ends
	Width    uint16       `json:"width,omitempty"`
	Height   uint16       `json:"height,omitempty"`
	Exec     *ExecProcess `json:"exec,omitempty"`

	// Of Launch and Exec: Preserved descriptors come along after those of Stdio, for the
	// process to have from 3 on, and Env is for its life alone (sd_listen_fds(3)).
	Preserved int      `json:"preserved,omitempty"`
	Env       []string `json:"env,omitempty"`

	// Of Launch: what stands with every entry of the log.
	LogTag   string            `json:"logTag,omitempty"`
	LogAttrs map[string]string `json:"logAttrs,omitempty"`

	// Checkpoint of op Checkpoint, whose folder comes along; of Launch: the one that
	// the container continues.
	Checkpoint *CheckpointOpts `json:"checkpoint,omitempty"`

	Shutdown bool `json:"shutdown,omitempty"` // Stop: since the host goes down, not for good

	// Launch of a container that is a unit of a service manager.
	Unit *Unit `json:"unit,omitempty"`

	Ports  []record.Port `json:"ports,omitempty"`
	Target string        `json:"target,omitempty"` // IP address

	Pid       int    `json:"pid,omitempty"`
	ExitCode  int    `json:"exitCode,omitempty"`
	OOMKilled bool   `json:"oomKilled,omitempty"`
	Kind      string `json:"kind,omitempty"` // errs.Kind
	Message   string `json:"message,omitempty"`
	Cause     string `json:"cause,omitempty"` // errs.CauseOf
}

// ExecProcess is the process of an Exec.
type ExecProcess struct {
	Args       []string `json:"args"`
	Env        []string `json:"env,omitempty"` // added to the container's own
	Cwd        string   `json:"cwd,omitempty"` // empty: the container's
	User       string   `json:"user,omitempty"`
	Privileged bool     `json:"privileged,omitempty"`

	// OnClientExit is what happens when the connection ends without Detach: kill
	// (also when empty), stop or keep.
	OnClientExit string `json:"onClientExit,omitempty"`
}

// Unit is what the supervisor must know of the service manager's unit that
// the container runs in.
type Unit struct {
	// Socket is NOTIFY_SOCKET; empty: nobody listens. Detached the supervisor
	// speaks to it, else it tells the client with Notify.
	Socket string `json:"socket,omitempty"`
	// Watchdog is how often the manager wants a sign of life; 0: it does not.
	Watchdog time.Duration `json:"watchdog,omitempty"`
	// Main says that the supervisor, when detached, is the unit's main process:
	// SIGTERM stops the container, whose exit code becomes its own.
	Main bool `json:"main,omitempty"`
}

// CheckpointOpts are those of a checkpoint.
type CheckpointOpts struct {
	Dir          string `json:"dir,omitempty"`          // of Launch: its folder
	LeaveRunning bool   `json:"leaveRunning,omitempty"` // the container goes on
	TCPClose     bool   `json:"tcpClose,omitempty"`     // its open connections are closed when it continues
}
