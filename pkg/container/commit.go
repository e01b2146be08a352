package container

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/libexec"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// CommitOpts are the options of Commit.
type CommitOpts struct {
	Author  string
	Message string
	Changes []string // lines of a Dockerfile
	Pause   bool     // nothing in the container runs meanwhile
}

// Commit makes an image of the container that target names, its root and its
// settings, without mounts and secrets, and returns the image's id. ref names it;
// empty: the id does. A pause ends with this process, however that ends, and
// what it has stored until then is collected. It fails with kind not_found,
// conflict, invalid, unsupported, or corrupt when the content of the container's
// image is gone.
func (m *Manager) Commit(ctx context.Context, target, ref string, o CommitOpts) (id string, err error) {
	c, st, err := m.find(target)
	if err != nil {
		return "", err
	}
	switch st.Status {
	case record.Creating, record.Removing, record.Restarting:
		err = errs.New(errs.Conflict, "it is %s: wait until it runs, or stop it", st.Status)
	case record.Running:
		if o.Pause {
			let, perr := m.hold(c.ID)
			defer let()
			err = perr
		}
	}
	if err == nil {
		id, err = m.commit(ctx, c.ID, ref, o)
	}
	if err != nil {
		return "", fmt.Errorf("commit container %s: %w", target, err)
	}
	m.event(c, "commit", record.Labels{"imageID": id, "imageRef": ref})
	return id, nil
}

// hold pauses a container for as long as this process lives, or until let is
// called. One that ended meanwhile needs no pause.
func (m *Manager) hold(id string) (let func(), err error) {
	conn, err := ctl.Dial(m.Store.ControlSocket(id))
	if err != nil {
		return func() {}, nil //nolint:nilerr // as said above
	}
	ask := func(msg *ctl.Message) error {
		conn.SetDeadline(time.Now().Add(answerTimeout))
		if err := conn.Send(msg); err != nil {
			return err
		}
		_, err := await(conn, ctl.OK)
		return err
	}
	let = func() {
		ask(&ctl.Message{Op: ctl.Unpause}) //nolint:errcheck // that the connection ends does the same, a little later
		conn.Close()
	}
	err = ask(&ctl.Message{Op: ctl.Pause, Hold: true})
	if st, serr := m.actual(id); err != nil && serr == nil && !Alive(st) {
		err = nil
	}
	return let, err
}

// commit has pouch-image make the image: what makes images would double the time
// that every command takes to begin.
func (m *Manager) commit(ctx context.Context, id, ref string, o CommitOpts) (string, error) {
	if _, err := m.engine(ctx); err != nil { // started here, it lives on
		return "", err
	}
	path, err := libexec.Find("pouch-image")
	if err != nil {
		return "", err
	}
	args := append(m.imageGlobals(), "commit", "--author="+o.Author, "--message="+o.Message)
	for _, ch := range o.Changes {
		args = append(args, "--change="+ch)
	}
	args = append(args, "--", id)
	if ref != "" {
		args = append(args, ref)
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGTERM} // the pause ends with this process
	var out bytes.Buffer
	last := &errorLine{prefix: "pouch-image: ", out: os.Stderr}
	cmd.Stdout, cmd.Stderr = &out, last
	slog.Debug("commit", "command", cmd.Args)
	runtime.LockOSThread() // Pdeathsig is of the thread (prctl(2))
	defer runtime.UnlockOSThread()
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", commitFailed(last.text(), err)
	}
	return strings.TrimSpace(out.String()), nil
}

func commitFailed(text string, err error) error {
	e, ok := errors.AsType[*exec.ExitError](err)
	switch {
	case !ok || text == "":
		return fmt.Errorf("pouch-image: %w", err)
	case e.ExitCode() == 65:
		return errs.New(errs.Corrupt, "%s", text)
	}
	return errs.New(errs.Invalid, "%s", text)
}
