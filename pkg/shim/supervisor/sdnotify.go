package supervisor

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/systemd"
)

const (
	// maxNotify bounds a message out of a container, in bytes.
	maxNotify = 4096
	// maxHeld bounds the messages that wait for the client.
	maxHeld = 64
	// extendEvery and extendBy: while the container is asked to end, systemd is
	// asked to be patient (EXTEND_TIMEOUT_USEC of sd_notify(3)).
	extendEvery = 5 * time.Second
	extendBy    = "EXTEND_TIMEOUT_USEC=15000000"
)

// sdnotify tells the service manager of the container's life, in the words of
// sd_notify(3): through the client in the foreground, which is the unit's main
// process, by itself when detached. The nil one is silent.
type sdnotify struct {
	s    *Supervisor
	unit *ctl.Unit
	mode string // of Policy.Sdnotify

	mu    sync.Mutex
	open  bool     // the client takes messages, or has handed over
	held  []string // until it does
	ready bool
}

// notifyFor takes the unit of a Launch message; m has none: the container is no
// unit's.
func (s *Supervisor) notifyFor(m *ctl.Message) error {
	if s.rec.Policy.Sdnotify == record.SdnotifyContainer {
		if err := s.hearContainer(); err != nil {
			return err
		}
	}
	if m.Unit == nil {
		return nil
	}
	if m.Unit.Main && m.Detached {
		go s.stopOnSignal()
	}
	if m.Unit.Socket != "" {
		n := &sdnotify{s: s, unit: m.Unit, mode: s.rec.Policy.Sdnotify}
		s.notify.Store(n)
		if m.Detached && n.mode != record.SdnotifyContainer && m.Unit.Watchdog > 0 {
			go n.watchdog()
		}
	}
	return nil
}

// tell sends text, or holds it until it can be sent.
func (n *sdnotify) tell(text string) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.open {
		if len(n.held) < maxHeld {
			n.held = append(n.held, text)
		}
		return
	}
	n.send(text)
}

// release sends what was held.
func (n *sdnotify) release() {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open = true
	for _, text := range n.held {
		n.send(text)
	}
	n.held = nil
}

func (n *sdnotify) send(text string) {
	var err error
	if n.s.client.isDetached() {
		err = systemd.NotifyAt(n.unit.Socket, text)
	} else {
		err = n.s.launch.Send(&ctl.Message{Op: ctl.Notify, Message: text})
	}
	if err != nil {
		n.s.log.debugf("notify: %v", err)
	}
}

// began is told when a life has begun, the client when it knows.
func (n *sdnotify) began() {
	if n == nil {
		return
	}
	if n.mode == "" || n.mode == record.SdnotifyEngine {
		n.isReady("the container runs")
	}
	if !n.s.client.background() {
		n.release()
	}
}

// healthy is told of every change of the container's health.
func (n *sdnotify) healthy(status string) {
	if n == nil || n.mode != record.SdnotifyHealthy {
		return
	}
	if status == healthHealthy {
		n.isReady("the container is healthy")
		return
	}
	n.tell("STATUS=the container is " + status)
}

func (n *sdnotify) isReady(status string) {
	n.mu.Lock()
	was := n.ready
	n.ready = true
	n.mu.Unlock()
	text := "STATUS=" + status
	if !was {
		text = "READY=1\n" + text
	}
	n.tell(text)
}

// stopping says that the container is asked to end, and asks for patience until
// done is called.
func (n *sdnotify) stopping() (done func()) {
	if n == nil {
		return func() {}
	}
	n.tell("STOPPING=1\nSTATUS=the container is asked to end\n" + extendBy)
	quit := make(chan struct{})
	go n.repeat(extendEvery, extendBy, quit)
	return sync.OnceFunc(func() { close(quit) })
}

func (n *sdnotify) repeat(every time.Duration, text string, quit <-chan struct{}) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-quit:
			return
		case <-tick.C:
			n.tell(text)
		}
	}
}

// watchdog is the supervisor's sign of life.
func (n *sdnotify) watchdog() { n.repeat(n.unit.Watchdog, "WATCHDOG=1", n.s.over) }

// stopOnSignal makes SIGTERM, which the service manager sends to a unit's main
// process, a stop of the container.
func (s *Supervisor) stopOnSignal() {
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, unix.SIGTERM)
	for range ch {
		t, err := s.only()
		if err == nil {
			err = t.stop(record.ByStop, t.stopSignal(), t.stopTimeout())
		}
		if err != nil {
			s.log.errorf("stop the container: %v", err)
		}
	}
}

// hearContainer listens for what the container says of itself, and passes on
// what it may say.
func (s *Supervisor) hearContainer() error {
	path := s.store.NotifySocket(s.cfg.ID)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return err
	}
	if err := os.Chmod(path, 0o666); err != nil { // the container's user is any
		c.Close()
		return err
	}
	go func() {
		buf := make([]byte, maxNotify)
		for {
			size, err := c.Read(buf)
			if err != nil {
				return
			}
			if text := sayable(string(buf[:size])); text != "" {
				s.notify.Load().tell(text)
			}
		}
	}()
	return nil
}

// sayable keeps the lines that a container may send: those about its own state,
// none about processes, descriptors and names of the host.
func sayable(text string) string {
	var out []string
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch name, _, _ := strings.Cut(line, "="); name {
		case "READY", "STATUS", "WATCHDOG", "RELOADING", "MONOTONIC_USEC", "STOPPING", "EXTEND_TIMEOUT_USEC", "ERRNO":
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

// unitExit is the exit code that this program must end with: the container's,
// when it is a unit's main process; else 0.
func (s *Supervisor) unitExit() int {
	if s.client == nil || !s.client.background() || s.client.l.msg.Unit == nil || !s.client.l.msg.Unit.Main {
		return 0
	}
	select {
	case t := <-s.first:
		s.first <- t
		if isClosed(t.ended) {
			return t.result.code
		}
	default:
	}
	return 0
}
