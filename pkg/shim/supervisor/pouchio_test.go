package supervisor

import (
	"bufio"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/stdio"
)

func (p *pouch) logText() string {
	p.t.Helper()
	var b strings.Builder
	for e, err := range stdio.ReadLog(bg, p.store.LogPath(p.id), stdio.ReadOptions{Tail: -1}) {
		must(p.t, err)
		b.WriteString(e.Stream + ": " + e.Text)
	}
	return b.String()
}

func TestTeeReachesTheClientAndTheLog(t *testing.T) {
	p := newPouch(t, func(c *record.Container) { c.Policy.Log.Driver = "json-file" }, "sh", "-c", "cat; exit 2")
	in, out, give := pipes(t)
	p.launch(&ctl.Message{Stdio: ctl.Tee}, give...)
	closeAll(give)
	p.start()
	io.WriteString(in, "through\n")
	in.Close()
	if m, _ := p.recv(p.conn, ctl.Exited); m.ExitCode != 2 {
		t.Errorf("exit code %d", m.ExitCode)
	}
	if text, _ := io.ReadAll(out); string(text) != "through\n" {
		t.Errorf("client: %q", text)
	}
	p.ended()
	if got := p.logText(); got != "stdout: through\n" {
		t.Errorf("log: %q", got)
	}
}

func TestAttachToCopiedStreams(t *testing.T) {
	p := newPouch(t, func(c *record.Container) { c.Process.OpenStdin = true }, "sh", "-c", "read x; echo got $x; read y; exit 6")
	p.launch(&ctl.Message{Stdio: ctl.Log, Detached: true})
	p.start()
	c := p.dial()
	in, out, give := pipes(t)
	must(t, c.Send(&ctl.Message{Op: ctl.Attach}, give...))
	closeAll(give)
	p.recv(c, ctl.OK)
	io.WriteString(in, "one\n")
	line := make([]byte, len("got one\n"))
	if _, err := io.ReadFull(out, line); err != nil || string(line) != "got one\n" {
		t.Errorf("%q %v", line, err)
	}
	c.Close() // the container goes on
	in.Close()
	d := p.dial()
	in, _, give = pipes(t)
	must(t, d.Send(&ctl.Message{Op: ctl.Attach}, give...))
	closeAll(give)
	p.recv(d, ctl.OK)
	io.WriteString(in, "two\n")
	if m, _ := p.recv(d, ctl.Exited); m.ExitCode != 6 {
		t.Errorf("exit code %d", m.ExitCode)
	}
	if got := p.logText(); got != "stdout: got one\n" {
		t.Errorf("log: %q", got)
	}
}

func TestDetachedTerminalIsLogged(t *testing.T) {
	p := newPouch(t, func(c *record.Container) { c.Process.TTY = true }, "sh", "-c", "echo text; exit 1")
	p.launch(&ctl.Message{Stdio: ctl.TTY, Detached: true})
	p.start()
	p.recv(p.conn, ctl.Exited)
	p.ended()
	if got := p.logText(); got != "stdout: text\r\n" {
		t.Errorf("log: %q", got)
	}
}

func TestBadLogOptionFailsTheCreate(t *testing.T) {
	p := newPouch(t, func(c *record.Container) { c.Policy.Log.Opts = map[string]string{"max-size": "x"} }, "true")
	p.launch(&ctl.Message{Stdio: ctl.Log, Detached: true})
	if err := p.create(); err == nil {
		t.Error("it was created")
	}
	if m, _ := p.recv2(p.conn); m.Op != ctl.Error || m.Kind != string(errs.Invalid) {
		t.Errorf("%+v", m)
	}
	p.conn.Close()
	p.ended()
}

func TestPublishedPortsAreServedAndFreed(t *testing.T) {
	p := newPouch(t, nil, "sleep", "1000")
	p.launch(&ctl.Message{Stdio: ctl.Null, Detached: true})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	f, err := l.(*net.TCPListener).File()
	must(t, err)
	l.Close()
	server, err := net.Listen("tcp", "127.0.0.2:0") // stands for the container
	must(t, err)
	defer server.Close()
	go func() {
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, "served")
			c.Close()
		}
	}()
	port := record.Port{Protocol: "tcp", ContainerPort: uint16(server.Addr().(*net.TCPAddr).Port)}
	must(t, p.conn.Send(&ctl.Message{Op: ctl.Ports, Target: "127.0.0.2", Ports: []record.Port{port}}, f))
	f.Close()
	p.start()
	c, err := net.Dial("tcp", l.Addr().String())
	must(t, err)
	if text, _ := io.ReadAll(c); string(text) != "served" {
		t.Errorf("%q", text)
	}
	c.Close()
	k := p.dial()
	must(t, k.Send(&ctl.Message{Op: ctl.Kill, Signal: int(unix.SIGKILL)}))
	p.ended()
	if text := asks(l.Addr().String()); text == "served" {
		t.Error("the port is served after the end")
	}
}

// asks says nothing at an address, and returns what is said there. Who has the port
// now, if anybody, may be somebody else: another program, or this connection itself.
func asks(address string) string {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return ""
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	c.(*net.TCPConn).CloseWrite()
	text, _ := io.ReadAll(c)
	return string(text)
}

// A client whose terminal takes nothing holds the container up, not the others,
// and its death frees it.
func TestStuckClientDoesNotStopTheEnd(t *testing.T) {
	p := newPouch(t, func(c *record.Container) { c.Process.TTY = true }, "sh", "-c", "yes | head -c 8000000; exit 3")
	p.launch(&ctl.Message{Stdio: ctl.TTY})
	p.start()
	_, files := p.recv(p.conn, ctl.Stream)
	io.ReadFull(files[0], make([]byte, 1000))
	files[0].Close() // it goes in the middle, its connection stays
	if m, _ := p.recv(p.conn, ctl.Exited); m.ExitCode != 3 {
		t.Errorf("exit code %d", m.ExitCode)
	}
	p.ended()
}

func TestStrangeMessagesAreAnswered(t *testing.T) {
	p := newPouch(t, nil, "sleep", "1000")
	p.runDetached()
	c := p.dial()
	null, err := os.Open(os.DevNull)
	must(t, err)
	defer null.Close()
	for _, m := range []*ctl.Message{
		{Op: "dance"},
		{Op: ctl.Launch, Stdio: ctl.Null},
		{Op: ctl.Ports},
		{Op: ctl.Exec},
		{Op: ctl.Exec, Stdio: ctl.Inherit, Exec: &ctl.ExecProcess{Args: []string{"true"}}},
		{Op: ctl.Exec, Stdio: ctl.Null, Exec: &ctl.ExecProcess{}},
		{Op: ctl.Attach},
	} {
		must(t, c.Send(m, null))
		if a, _ := p.recv2(c); a.Op != ctl.Error || a.Message == "" {
			t.Errorf("%+v: %+v", m, a)
		}
	}
	if code := p.execCode("true"); code != 0 {
		t.Errorf("afterwards: exit code %d", code)
	}
}

// A user's restart of a container without a restart policy leaves it the caller's
// descriptors, which until then its process alone has.
func TestRestartKeepsTheCallersDescriptors(t *testing.T) {
	p := newPouch(t, nil, "sh", "-c", "read x; echo got $x; trap 'exit 3' TERM; while :; do sleep 0.05; done")
	in, out, give := pipes(t)
	p.launch(&ctl.Message{Stdio: ctl.Inherit}, give...)
	closeAll(give)
	p.start()
	lines := bufio.NewReader(out)
	for _, word := range []string{"one", "two", "three"} {
		io.WriteString(in, word+"\n")
		if got, err := lines.ReadString('\n'); err != nil || got != "got "+word+"\n" {
			t.Fatalf("%q, %v", got, err)
		}
		c := p.dial()
		must(t, c.Send(&ctl.Message{Op: ctl.Restart, Signal: int(unix.SIGKILL), Timeout: 5}))
		p.recv(c, ctl.OK)
	}
	must(t, p.dial().Send(&ctl.Message{Op: ctl.Stop, Signal: int(unix.SIGKILL), Timeout: 1}))
	if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
		t.Errorf("the end: %q, %v", rest, err)
	}
	p.ended()
}
