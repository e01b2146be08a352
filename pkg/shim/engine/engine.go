// Package engine is what the supervisor needs of an OCI runtime. Two
// implementations: libct (libcontainer in this process) and ociruntime (any
// runtime's command line: runc, crun, runlxc, runv).
package engine

import (
	"context"
	"os"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
	"github.com/pouchcontainer/pouch/pkg/wire"
)

// IO is the standard streams of a process. The files are the caller's: they may
// be closed as soon as Create or Exec has returned.
type IO struct {
	Stdin, Stdout, Stderr *os.File // nil: /dev/null
	// Extra are further descriptors, which the process has from 3 on, also with a
	// terminal.
	Extra []*os.File
	// Terminal asks for a terminal; Stdin, Stdout and Stderr are then unused,
	// and OnConsole is called with its master before Create or Exec returns. The
	// master is the callee's to close; its reads end when it is closed.
	Terminal  bool
	OnConsole func(master *os.File)
}

// CreateOpts is what a container is made from.
type CreateOpts struct {
	ID     string
	Bundle string // folder with config.json
	Rootfs string // mounted
	Spec   *specs.Spec
	IO     IO
	// StateDir is where the runtime keeps its state: <StateDir>/<ID>.
	StateDir string
	// CacheDir keeps compiled seccomp filters for this boot, for every container
	// of the host; empty: none are kept.
	CacheDir string
	// SystemdCgroup asks for the systemd cgroup driver.
	SystemdCgroup bool
	// Restore continues a checkpoint of the same container instead of starting its
	// process, which then runs as soon as Create has returned; nil: none.
	Restore *Checkpoint
}

// Checkpoint is a folder with what CRIU has written of a container's processes.
type Checkpoint struct {
	Dir          string
	LeaveRunning bool // the container goes on after its checkpoint
	TCPClose     bool // open connections are closed when it continues; else they make it fail
}

// Checkpointer is a Container whose processes can be written to a folder.
type Checkpointer interface {
	// Checkpoint writes the processes to the folder o.Dir; unless LeaveRunning they
	// end with that, by SIGKILL. When it fails they go on. A container that does
	// not run, or is paused, is errs.Conflict; what CRIU cannot do, or that it is
	// missing, errs.Unsupported.
	Checkpoint(o Checkpoint) error
}

// Exit is how a process ended.
type Exit struct {
	// Code is 128+n when killed by signal n, and 126 when the command was found
	// and could not be executed, where that is seen too late for an error.
	Code int
}

// Engine makes containers.
type Engine interface {
	// Create makes the container up to the point where Start runs its process.
	// An error has kind no_such_command or not_executable where the runtime tells
	// so, invalid for a bad spec, conflict for an id that StateDir has, unavailable
	// when ctx ended. On error nothing is left.
	Create(ctx context.Context, o CreateOpts) (Container, error)
	// Destroy removes what is left of a container whose supervisor died: kills
	// its processes, removes its cgroups by path and its state. Idempotent; it
	// needs nothing but the id and StateDir.
	Destroy(ctx context.Context, stateDir, id string) error
}

// Process is a process of a container.
type Process interface {
	Pid() int
	// Wait blocks until the process has ended. It may be called many times.
	Wait() Exit
	// Signal does nothing, with unix.ESRCH, when the process has ended.
	Signal(sig os.Signal) error
	// Resize sets the size of the process' terminal, if it has one.
	Resize(width, height uint16) error
}

// Container is a created container.
type Container interface {
	Process // process 1
	// Start lets process 1 run. An exec failure has kind no_such_command or
	// not_executable.
	Start(ctx context.Context) error
	// Exec runs a further process, in the container's cgroup. p.User holds numeric
	// ids. Errors are as those of Create; conflict: the container is not running,
	// or is paused.
	Exec(ctx context.Context, p *specs.Process, io IO) (Process, error)
	// ExecApart is Exec in a cgroup of the process' own, below the container's and
	// without limits, so that all that it starts can be found. It is nil where the
	// host or the runtime cannot do that; the process is then there all the same.
	// The group is the caller's to Prune; it goes with the container's at the latest.
	ExecApart(ctx context.Context, p *specs.Process, io IO) (Process, *cgroup.Group, error)
	// KillAll kills every process of the container's cgroup, paused ones too, and
	// waits until none is left, 10 s at most. Idempotent.
	KillAll() error
	// Pids lists the processes in the container, as pids of the host.
	Pids() ([]int, error)
	// Pause stops every process, and Resume lets them go on. Idempotent.
	Pause() error
	Resume() error
	// Update changes the limits that r sets, and no others.
	Update(r *specs.LinuxResources) error
	// Stats returns the cgroup's figures as containerd's metrics message
	// (io.containerd.cgroups.v1.Metrics or v2).
	Stats() (wire.Any, error)
	// OOMKilled reports whether the kernel killed for memory in the cgroup.
	OOMKilled() bool
	// WatchOOM calls f each time that the cgroup has no memory left and the kernel
	// kills for it, until stop, after which no call comes.
	WatchOOM(f func()) (stop func(), err error)
	// Delete kills what still runs and removes cgroups and state. Idempotent.
	Delete(ctx context.Context) error
}
