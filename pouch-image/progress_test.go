package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/registry"
	"github.com/pouchcontainer/pouch/test/registrytest"
)

// terminal opens a pseudo terminal of 100 columns: pty(7).
func terminal(t *testing.T) (user, program *os.File) {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { user.Close() })
	fd := int(user.Fd())
	if err := errors.Join(unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0), unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 30, Col: 100})); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return user, program
}

// onTerminal runs a command whose standard error is a terminal, and returns what that shows
// and its standard output.
func onTerminal(t *testing.T, args ...string) (shown, out string, code int) {
	t.Helper()
	user, program := terminal(t)
	c := command(t, args...)
	var stdout bytes.Buffer
	c.Stdout, c.Stderr = &stdout, program
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	program.Close()
	hung := time.AfterFunc(3*time.Minute, func() { c.Process.Kill() })
	defer hung.Stop()
	said, err := io.ReadAll(user)
	if err != nil && !errors.Is(err, syscall.EIO) { // all have closed it
		t.Error(err)
	}
	c.Wait() // its code tells
	return string(said), stdout.String(), c.ProcessState.ExitCode()
}

// On a terminal there is a bar a layer, which is full at the end; standard output has the
// result alone. --quiet and --progress decide otherwise.
func TestBars(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	img := busybox(t, registrytest.Kind{})
	r.Push(t, "bars", "1", img)
	ref := r.Host + "/bars:1"
	shown, out, code := onTerminal(t, "pull", ref)
	if out != ref+"\n" || code != 0 {
		t.Errorf("exit %d, standard output %q", code, out)
	}
	for _, l := range img.Layers {
		id := digest.FromBytes(l).Encoded()[:12]
		full := fmt.Sprintf(`%s +\[=+\] +[0-9.]+ [KMG]?B / [0-9.]+ [KMG]?B`, id)
		if !regexp.MustCompile(full).MatchString(shown) {
			t.Errorf("no full bar of %s in %q", id, shown)
		}
	}
	if strings.Contains(shown, ": done") || strings.Contains(shown, img.ID().Encoded()[:12]) {
		t.Errorf("lines, or a bar of the config: %q", shown)
	}
	if shown, _, code = onTerminal(t, "pull", "--quiet", ref); shown != "" || code != 0 {
		t.Errorf("--quiet: exit %d, %q", code, shown)
	}
	if shown, _, code = onTerminal(t, "pull", "--progress", "plain", ref); !strings.Contains(shown, ": already here") || strings.Contains(shown, "[=") || code != 0 {
		t.Errorf("plain: exit %d, %q", code, shown)
	}
	shown, _, code = onTerminal(t, "pull", "--retry", "0", r.Host+"/none:1")
	if !strings.HasPrefix(shown, "pouch-image: pull ") || code != 1 {
		t.Errorf("an error: exit %d, %q", code, shown)
	}
	expect(t, 0, `(?s).*`, ``, "rm", ref)
}

// Elsewhere a layer has one line, and one every five seconds while it comes.
func TestLines(t *testing.T) {
	var out bytes.Buffer
	l := &lines{out: &out, last: map[digest.Digest]time.Time{}}
	a, b, c := digest.FromString("a"), digest.FromString("b"), digest.FromString("c")
	short := func(d digest.Digest) string { return cmd.ShortID(d.String()) }
	says := func(want string, e registry.Event) {
		t.Helper()
		out.Reset()
		l.tell(e)
		if out.String() != want {
			t.Errorf("%+v: %q, want %q", e, out.String(), want)
		}
	}
	says("", registry.Event{Digest: a, Size: 2_000_000})
	for n := int64(1); n < 1000; n++ {
		says("", registry.Event{Digest: a, Size: 2_000_000, Offset: n * 1000})
	}
	l.last[a] = time.Now().Add(-lineEvery)
	says(short(a)+": 1MB of 2MB\n", registry.Event{Digest: a, Size: 2_000_000, Offset: 1_000_000})
	says("", registry.Event{Digest: a, Size: 2_000_000, Offset: 1_100_000})
	says(short(a)+": done, 2MB\n", registry.Event{Digest: a, Size: 2_000_000, Offset: 2_000_000, Done: true})
	says("", registry.Event{Digest: a, Size: 2_000_000, Offset: 2_000_000, Done: true}) // a layer that comes twice
	says(short(b)+": already here\n", registry.Event{Digest: b, Size: 5, Offset: 5, Done: true, Had: true})
	says("", registry.Event{Digest: c, Size: 5, Offset: 5, Done: true, Config: true})
	says("", registry.Event{Digest: c, Size: -1})
	l.last[c] = time.Now().Add(-lineEvery)
	says(short(c)+": 7B of ?\n", registry.Event{Digest: c, Size: -1, Offset: 7})
}
