//go:build integration

package integration

import (
	"bufio"
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/test/harness"
)

// collect sends what arrives at a server, a line or a datagram each.
func collect(t *testing.T, network, address string) (at string, lines <-chan string, end func()) {
	t.Helper()
	ch := make(chan string, 100_000)
	if network == "udp" || network == "unixgram" {
		l, err := net.ListenPacket(network, address)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			buf := make([]byte, 64<<10)
			for {
				n, _, err := l.ReadFrom(buf)
				if err != nil {
					return
				}
				ch <- string(buf[:n])
			}
		}()
		return l.LocalAddr().String(), ch, func() { l.Close() }
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	conns := make(chan net.Conn, 100)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns <- c
			go func() {
				s := bufio.NewScanner(c)
				for s.Scan() {
					ch <- s.Text()
				}
			}()
		}
	}()
	return l.Addr().String(), ch, func() {
		l.Close()
		for {
			select {
			case c := <-conns:
				c.Close()
			default:
				return
			}
		}
	}
}

func next(t *testing.T, lines <-chan string) string {
	t.Helper()
	select {
	case s := <-lines:
		return s
	case <-time.After(harness.Patience(time.Minute)):
		t.Fatal("nothing came")
		return ""
	}
}

// inStreams are the next n lines, those of stderr behind those of stdout: each stream
// is in order, and nobody knows which of the two is read first.
func inStreams(t *testing.T, lines <-chan string, n int, stderr func(string) bool) []string {
	t.Helper()
	var out, errs []string
	for range n {
		if line := next(t, lines); stderr(line) {
			errs = append(errs, line)
		} else {
			out = append(out, line)
		}
	}
	return append(out, errs...)
}

// What a container writes goes to a syslog server, whatever way it listens.
func TestSyslog(t *testing.T) {
	s := start(t)
	for _, network := range []string{"udp", "tcp", "unix", "unixgram"} {
		t.Run(network, func(t *testing.T) {
			address := "127.0.0.1:0"
			if strings.HasPrefix(network, "unix") {
				address = filepath.Join(t.TempDir(), "log")
			}
			at, lines, end := collect(t, network, address)
			defer end()
			s.Must(t, "pouch-run", "-d", "--name", "sy", "--network", "none", "--log-driver", "syslog", "--log-opt", "tag={{.Name}}",
				"--log-opt", "syslog-address="+network+"://"+at, "--log-opt", "syslog-format=rfc5424", "--log-opt", "syslog-facility=local1",
				s.Image, "sh", "-c", "echo hello; echo oops >&2; printf 'no newline'")
			said := inStreams(t, lines, 3, func(line string) bool { return strings.HasPrefix(line, "<139>") })
			for i, want := range []string{"<142>1 .* sy - hello", "<142>1 .* sy - no newline", "<139>1 .* sy - oops"} {
				if !regexp.MustCompile("\\A" + want + "\\z").MatchString(said[i]) {
					t.Errorf("%q, want %s", said[i], want)
				}
			}
			if r := s.Pouch("pouch-run", "logs", "sy"); r.Code != 1 || !strings.Contains(r.Stderr, "does not support reading") {
				t.Error(r)
			}
			s.Must(t, "pouch-run", "rm", "-f", "sy")
		})
	}
}

// A log server that goes, or never was there, neither stops a container nor keeps
// it from its start; when it comes back it gets what was kept, and is told how
// much was not.
func TestSyslogServerIsGone(t *testing.T) {
	s := start(t)
	at, _, refuse := collect(t, "tcp", "127.0.0.1:0")
	refuse()
	s.Must(t, "pouch-run", "-d", "--name", "sy", "--network", "none", "--log-driver", "syslog", "--log-opt", "syslog-address=tcp://"+at,
		"--log-opt", "mode=non-blocking", "--log-opt", "max-buffer-size=64k",
		s.Image, "sh", "-c", "seq 1 50000; touch /done; until [ -e /more ]; do sleep 0.05; done; echo last; sleep 1000")
	if r := s.Settle("pouch-run", "exec", "sy", "test", "-e", "/done"); r.Code != 0 {
		t.Fatal("the container is stopped by its log: ", r)
	}
	if r := s.Settle("sh", "-c", "pouch-run inspect -f '{{.State.LogError}}' sy | grep -q refused"); r.Code != 0 {
		t.Error("inspect does not tell of the log's trouble: ", r)
	}
	_, lines, end := collect(t, "tcp", at)
	defer end()
	if got := next(t, lines); !strings.HasSuffix(got, " - 1") {
		t.Errorf("the first line is %q", got)
	}
	lost := ""
	for got := ""; !strings.HasSuffix(got, " - 2000"); {
		if got = next(t, lines); strings.Contains(got, "log entries were lost") {
			lost = got
		}
	}
	if lost == "" {
		t.Error("the server is not told what was lost")
	}
	s.Must(t, "pouch-run", "exec", "sy", "touch", "/more")
	for got := ""; !strings.HasSuffix(got, " - last"); {
		got = next(t, lines)
	}
	if got := s.Must(t, "pouch-run", "inspect", "-f", "{{.State.LogError}} {{if gt .State.LogDropped 10000}}many{{end}}", "sy"); got != " many" {
		t.Errorf("inspect: %q", got)
	}
	s.Must(t, "pouch-run", "rm", "-f", "sy")
}

// A server that takes nothing holds the container up for some seconds, in docker's
// blocking mode, too; then what it writes is lost.
func TestSyslogServerStalls(t *testing.T) {
	s := start(t)
	l, err := net.Listen("tcp", "127.0.0.1:0") // nobody accepts, nobody reads
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := s.Cmd("pouch-run", "--rm", "--network", "none", "--log-driver", "syslog", "--log-opt", "syslog-address=tcp://"+l.Addr().String(),
		s.Image, "sh", "-c", "yes 012345678901234567890123456789012345678901234567890123456789012345678901234567890 | head -n 300000")
	out := 0
	c.Stdout = writer(func(p []byte) { out += len(p) })
	if err := c.Run(); err != nil || out != 300_000*82 {
		t.Errorf("%v, %d bytes", err, out)
	}
}

type writer func([]byte)

func (w writer) Write(p []byte) (int, error) {
	w(p)
	return len(p), nil
}

// The journal's driver, in a mount namespace where a socket of this test is the
// journal's.
func TestJournald(t *testing.T) {
	s := start(t)
	if r := s.Pouch("pouch-run", "--rm", "--network", "none", "--log-driver", "journald", s.Image, "true"); r.Code != 125 || !strings.Contains(r.Stderr, "systemd's journal does not run here") {
		t.Error(r)
	}
	socket := filepath.Join(t.TempDir(), "j")
	_, lines, end := collect(t, "unixgram", socket)
	defer end()
	script := fmt.Sprintf(`mount -t tmpfs none /run && mkdir -p /run/systemd/journal && : >/run/systemd/journal/socket &&
		mount --bind %s /run/systemd/journal/socket &&
		pouch-run -d --name jo --network host --label job=7 --log-driver journald --log-opt tag={{.Name}}/x --log-opt labels=job $IMG sh -c 'echo hello; echo oops >&2; printf part' &&
		pouch-run wait jo && pouch-run rm jo`, socket)
	c := s.Cmd("unshare", "-m", "sh", "-c", script)
	if r := harness.Do(c); r.Code != 0 {
		t.Fatal(r)
	}
	said := inStreams(t, lines, 3, func(entry string) bool { return strings.Contains("\n"+entry+"\n", "\nPRIORITY=3\n") })
	for i, want := range [][]string{
		{"MESSAGE=hello", "PRIORITY=6", "CONTAINER_NAME=jo", "CONTAINER_TAG=jo/x", "SYSLOG_IDENTIFIER=jo/x", "JOB=7", "IMAGE_NAME=" + s.Image},
		{"MESSAGE=part", "CONTAINER_PARTIAL_MESSAGE=true"},
		{"MESSAGE=oops", "PRIORITY=3"},
	} {
		for _, field := range want {
			if !strings.Contains("\n"+said[i], "\n"+field+"\n") {
				t.Errorf("%s is not in %q", field, said[i])
			}
		}
	}
}
