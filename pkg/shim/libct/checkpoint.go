package libct

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/opencontainers/runc/libcontainer"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// criuMinimum is the oldest CRIU that checkpoints on cgroup v2 and restores into
// an external network namespace.
const criuMinimum = "3.17"

// maxCriuLog bounds how much of CRIU's log is read, in bytes.
const maxCriuLog = 8 << 20

// Checkpoint implements engine.Checkpointer by CRIU (criu.org).
func (c *container) Checkpoint(o engine.Checkpoint) error {
	switch {
	case c.ended():
		return errs.New(errs.Conflict, "checkpoint container %s: it is not running", c.id)
	case c.group.Frozen():
		return errs.New(errs.Conflict, "checkpoint container %s: it is paused: unpause it first", c.id)
	}
	opts, err := criuOpts(filepath.Join(c.stateDir, c.id), o)
	if err != nil {
		return err
	}
	opts.LeaveRunning = o.LeaveRunning
	if err := c.lc.Checkpoint(opts); err != nil {
		return criuError(err, "checkpoint", c.id, filepath.Join(opts.WorkDirectory, "dump.log"))
	}
	return nil
}

// configure tells CRIU by the environment what libcontainer has no option for.
// CRIU locks the network by iptables, or by nft, which then complains on the
// container's own output at a restore; the namespace ends with the container, and
// connections are closed at a restore, so nothing needs to be locked: CRIU's
// iptables does nothing. (A file that libcontainer can name makes CRIU up to 4.2
// crash on the setting for that: its pull request 3051.)
func configure(work string) error {
	config := filepath.Join(work, "criu.conf")
	if err := os.WriteFile(config, []byte("tcp-close\n"), 0o600); err != nil {
		return err
	}
	nothing, err := exec.LookPath("true")
	if err != nil {
		return err
	}
	bin := filepath.Join(work, "bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"iptables-restore", "ip6tables-restore"} {
		if err := os.Symlink(nothing, filepath.Join(bin, name)); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	if path := os.Getenv("PATH"); !strings.HasPrefix(path, bin+":") {
		err = os.Setenv("PATH", bin+":"+path)
	}
	return errors.Join(err, os.Setenv("CRIU_CONFIG_FILE", config))
}

// criuOpts are what dump and restore have in common; CRIU's log goes to a folder
// in dir, the container's state.
func criuOpts(dir string, o engine.Checkpoint) (*libcontainer.CriuOpts, error) {
	if _, err := exec.LookPath("criu"); err != nil {
		return nil, errs.New(errs.Unsupported, "CRIU is not installed: checkpoints need the program criu, version %s or newer (Debian: apt-get install criu)", criuMinimum)
	}
	work := filepath.Join(dir, "criu")
	if err := os.MkdirAll(work, 0o700); err != nil {
		return nil, err
	}
	if err := configure(work); err != nil {
		return nil, err
	}
	return &libcontainer.CriuOpts{
		ImagesDirectory: o.Dir, WorkDirectory: work,
		TcpEstablished: o.TCPClose, FileLocks: true,
	}, nil
}

// restore makes process 1 from a checkpoint instead of starting it.
func (e *Engine) restore(lc *libcontainer.Container, o engine.CreateOpts, lp *libcontainer.Process) error {
	opts, err := criuOpts(filepath.Join(o.StateDir, o.ID), *o.Restore)
	if err != nil {
		return err
	}
	if err := lc.Restore(lp, opts); err != nil {
		return criuError(err, "restore", o.ID, filepath.Join(opts.WorkDirectory, "restore.log"))
	}
	return nil
}

// criuError says in one line what CRIU wrote into its log: its answer is a
// number alone.
func criuError(err error, what, id, log string) error {
	said, rerr := firstErrors(log)
	if rerr != nil || said == "" {
		return errs.New(errs.Internal, "%s container %s: %w", what, id, err)
	}
	// What CRIU cannot dump is no failure of ours, and another try is none the better.
	return errs.New(errs.Unsupported, "%s container %s: CRIU failed: %s: a newer CRIU, or a container without what it names, may do", what, id, said)
}

// firstErrors returns the first lines that CRIU's log calls errors.
func firstErrors(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var out []string
	lines := bufio.NewScanner(io.LimitReader(f, maxCriuLog))
	for lines.Scan() && len(out) < 2 {
		// (00.012345) Error (criu/file.c:12): text
		_, text, ok := strings.Cut(lines.Text(), "Error (")
		if !ok {
			continue
		}
		if _, message, ok := strings.Cut(text, "): "); ok {
			text = message
		}
		// A program of CRIU's that did not work; it has said why.
		if text = strings.TrimSpace(text); !strings.HasPrefix(text, "exited, status=") {
			out = append(out, text)
		}
	}
	if err := lines.Err(); err != nil && !errors.Is(err, bufio.ErrTooLong) {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return strings.Join(out, "; "), nil
}
