package libct

import (
	"math"
	"os"
	"strconv"

	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runc/libcontainer/configs"
	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// newProcess turns an OCI process (runtime-spec config.md, "process") into
// libcontainer's.
func newProcess(p *specs.Process, io engine.IO, init bool) (*libcontainer.Process, error) {
	if p.User.UID > math.MaxInt32 || p.User.GID > math.MaxInt32 {
		return nil, errs.New(errs.Invalid, "user %d:%d: ids go up to %d", p.User.UID, p.User.GID, math.MaxInt32)
	}
	lp := &libcontainer.Process{
		Init: init, Args: p.Args, Env: p.Env, Cwd: p.Cwd,
		UID: int(p.User.UID), GID: int(p.User.GID),
		Label: p.SelinuxLabel, AppArmorProfile: p.ApparmorProfile,
		NoNewPrivileges: &p.NoNewPrivileges,
		Scheduler:       p.Scheduler, IOPriority: p.IOPriority,
		LogLevel: strconv.Itoa(int(logrus.GetLevel())),
	}
	if p.ConsoleSize != nil {
		lp.ConsoleWidth, lp.ConsoleHeight = uint16(p.ConsoleSize.Width), uint16(p.ConsoleSize.Height)
	}
	if c := p.Capabilities; c != nil {
		lp.Capabilities = &configs.Capabilities{
			Bounding: c.Bounding, Effective: c.Effective, Inheritable: c.Inheritable,
			Permitted: c.Permitted, Ambient: c.Ambient,
		}
	}
	for _, g := range p.User.AdditionalGids {
		lp.AdditionalGroups = append(lp.AdditionalGroups, int(g))
	}
	setFiles(lp, io)
	var err error
	if lp.Rlimits, err = rlimits(p.Rlimits); err != nil {
		return nil, err
	}
	if lp.CPUAffinity, err = configs.ConvertCPUAffinity(p.ExecCPUAffinity); err != nil {
		return nil, errs.New(errs.Invalid, "cpu affinity: %w", err)
	}
	return lp, nil
}

// setFiles hands the caller's files to the process itself, so that no goroutine
// copies. A nil file must stay a nil interface: it is /dev/null then.
func setFiles(lp *libcontainer.Process, io engine.IO) {
	lp.ExtraFiles = io.Extra
	if io.Terminal {
		return
	}
	if io.Stdin != nil {
		lp.Stdin = io.Stdin
	}
	if io.Stdout != nil {
		lp.Stdout = io.Stdout
	}
	if io.Stderr != nil {
		lp.Stderr = io.Stderr
	}
}

// startProcess starts lp and begins to wait for it.
func (e *Engine) startProcess(lp *libcontainer.Process, start func(*libcontainer.Process) error) (*process, error) {
	defer e.starts.begin()()
	if err := start(lp); err != nil {
		return nil, err
	}
	return e.watch(lp)
}

// run has p started by start and returns it when it runs, or, for init, when it
// waits for Start.
func (e *Engine) run(start func(*libcontainer.Process) error, p *specs.Process, io engine.IO, init bool) (*process, error) {
	lp, err := newProcess(p, io, init)
	if err != nil {
		return nil, err
	}
	var parent *os.File
	if io.Terminal {
		var child *os.File
		if parent, child, err = engine.ConsolePair(); err != nil {
			return nil, err
		}
		defer parent.Close()
		defer child.Close()
		lp.ConsoleSocket = child
	}
	out, err := e.startProcess(lp, start)
	if err != nil {
		go e.starts.reap()
		return nil, engine.Classify(err)
	}
	out.started.Store(!init)
	if io.Terminal {
		if err := out.takeConsole(parent, io.OnConsole); err != nil {
			lp.Signal(unix.SIGKILL) //nolint:errcheck // it may have ended by itself
			out.Wait()
			return nil, err
		}
	}
	return out, nil
}
