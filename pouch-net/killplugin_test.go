package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
	"github.com/pouchcontainer/pouch/pkg/network"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// gcNetworks is a program of the tests: what pouch-run gc does for networks, of whose
// containers none is there.
func gcNetworks() {
	s, err := store.Open(os.Args[1]+"/l", os.Args[1]+"/r")
	nobody := func(string) bool { return false }
	if err == nil {
		err = network.Open(s).Clean(context.Background(), nobody)
	}
	var left []network.Leftover
	if err == nil {
		left, err = network.Open(s).Leftovers(context.Background(), nobody)
	}
	if err != nil || len(left) > 0 {
		fmt.Fprintln(os.Stderr, left, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// plugged is a pouch with a plugin for links and addresses.
type plugged struct {
	t      *testing.T
	dir    string
	bin    string
	plugin *exec.Cmd
}

// programs makes a folder of the programs that a plugged is made of.
func programs(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	copyFile(t, self, filepath.Join(bin, "pouch-net"))
	for _, name := range []string{"fakeplugin", "netgc"} {
		if err := os.Link(filepath.Join(bin, "pouch-net"), filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	return bin
}

func newPlugged(t *testing.T, bin string) *plugged {
	p := &plugged{t: t, dir: t.TempDir(), bin: bin}
	if err := os.Mkdir(p.path("plugins"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.stop() })
	p.start()
	ns := filepath.Join(p.dir, "ns")
	if err := os.WriteFile(ns, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	nettest.Run(t, "", "unshare", "--net="+ns, "true")
	t.Cleanup(func() { unix.Unmount(ns, unix.MNT_DETACH) })
	return p
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o700)
	if err == nil {
		_, err = io.Copy(out, in)
		out.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (p *plugged) path(name string) string { return filepath.Join(p.dir, name) }

func (p *plugged) start() {
	p.plugin = exec.Command(filepath.Join(p.bin, "fakeplugin"), p.path("plugins/fake.sock"), p.path("log"))
	p.plugin.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL}
	if err := p.plugin.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.until("the plugin listens", func() bool { _, err := os.Stat(p.path("plugins/fake.sock")); return err == nil })
}

func (p *plugged) stop() {
	p.plugin.Process.Kill()
	p.plugin.Wait()
	os.Remove(p.path("plugins/fake.sock"))
}

func (p *plugged) until(what string, is func() bool) {
	p.t.Helper()
	for end := time.Now().Add(time.Minute); !is(); {
		if time.Now().After(end) {
			p.t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(2 * time.Millisecond) // a file of the plugin's
	}
}

// pouch prepares pouch-net with these words.
func (p *plugged) pouch(words ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(p.bin, "pouch-net"), words...)
	c.Dir = p.dir
	c.Env = append(os.Environ(), "POUCH_ROOT="+p.path("l"), "POUCH_RUN_ROOT="+p.path("r"), "POUCH_PLUGIN_DIRS="+p.path("plugins"), "NETCONFPATH="+p.path("conf"))
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL}
	return c
}

func (p *plugged) does(words ...string) {
	p.t.Helper()
	if out, err := p.pouch(words...).CombinedOutput(); err != nil {
		p.t.Errorf("%v: %v: %s", words, err, out)
	}
}

// verbs are what is done in a network's life, with what is called for it.
func verbs() (names []string, words map[string][]string) {
	return []string{"create", "attach", "detach", "rm"}, map[string][]string{
		"create": {"create", "-d", "fake", "--ipam-driver", "fake", "--subnet", "10.66.70.0/24", "--gateway", "10.66.70.1", "net"},
		"attach": {"attach", "--netns", "ns", "net"}, "detach": {"detach", "--netns", "ns", "net"}, "rm": {"rm", "net"},
	}
}

// Whoever is killed while a plugin is asked, the command, the program that asks for
// it, or the plugin, before it has done it or after: the same again or gc gets it
// right, and in the end the plugin has nothing left.
func TestKilledWhileAPluginIsAsked(t *testing.T) {
	nettest.Need(t)
	bin := programs(t)
	for _, c := range []struct{ verb, method, when string }{
		{"create", "IpamDriver.RequestPool", "hang"}, // after it, only the plugin knows: see the documents
		{"create", "NetworkDriver.CreateNetwork", "hang"},
		{"create", "NetworkDriver.CreateNetwork", "hangafter"},
		{"attach", "IpamDriver.RequestAddress", "hang"},
		{"attach", "NetworkDriver.CreateEndpoint", "hang"},
		{"attach", "NetworkDriver.CreateEndpoint", "hangafter"},
		{"attach", "NetworkDriver.Join", "hangafter"},
		{"detach", "NetworkDriver.Leave", "hang"},
		{"detach", "NetworkDriver.DeleteEndpoint", "hang"},
		{"detach", "NetworkDriver.DeleteEndpoint", "hangafter"},
		{"detach", "IpamDriver.ReleaseAddress", "hang"},
		{"detach", "IpamDriver.ReleaseAddress", "hangafter"},
		{"rm", "NetworkDriver.DeleteNetwork", "hangafter"},
		{"rm", "IpamDriver.ReleasePool", "hang"},
		{"rm", "IpamDriver.ReleasePool", "hangafter"},
	} {
		victims := []string{"command", "asker", "plugin"}
		if c.verb == "create" || c.verb == "rm" {
			victims = victims[:2]
		}
		for _, victim := range victims {
			t.Run(strings.Join([]string{c.method, c.when, victim}, "/"), func(t *testing.T) {
				p := newPlugged(t, bin)
				names, words := verbs()
				for _, v := range names {
					if v == c.verb {
						p.killedIn(words[v], c.method, c.when, victim)
						break
					}
					p.does(words[v]...)
				}
				p.recovers(c.verb)
			})
		}
	}
}

// killedIn starts a command and kills the victim in a method.
func (p *plugged) killedIn(words []string, method, when, victim string) {
	t := p.t
	t.Helper()
	if err := os.WriteFile(p.path("log."+when), []byte(method), 0o600); err != nil {
		t.Fatal(err)
	}
	os.Remove(p.path("log")) // of what was before
	c := p.pouch(words...)
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	mark := map[string]string{"hang": method + " ", "hangafter": "done " + method}[when]
	p.until(mark, func() bool {
		text, _ := os.ReadFile(p.path("log"))
		return bytes.Contains(text, []byte(mark))
	})
	os.Remove(p.path("log." + when))
	switch victim {
	case "command":
		c.Process.Kill()
	case "asker":
		unix.Kill(childOf(t, c.Process.Pid), unix.SIGKILL)
	case "plugin":
		p.stop()
		p.start()
	}
	if err := c.Wait(); err == nil && victim == "command" {
		t.Fatalf("it was not killed: %s", said.String())
	}
}

// childOf is the process that a command has started.
func childOf(t *testing.T, pid int) int {
	t.Helper()
	out, err := exec.Command("pgrep", "-P", fmt.Sprint(pid)).Output()
	child := 0
	if err == nil {
		_, err = fmt.Sscan(string(out), &child)
	}
	if err != nil {
		t.Fatal(err)
	}
	return child
}

// recovers uses the network as far as it is there, and finds nothing after its end.
func (p *plugged) recovers(verb string) {
	t := p.t
	t.Helper()
	_, words := verbs()
	if verb == "create" || verb == "rm" {
		p.gc()
	}
	if _, err := os.Stat(p.path("l/networks/net.json")); err != nil {
		p.does(words["create"]...)
	}
	p.does(words["detach"]...) // nobody but its owner knows that a namespace is to leave
	p.does(words["attach"]...)
	if out := nettest.Run(t, p.path("ns"), "ip", "-br", "addr", "show", "eth0"); !strings.Contains(out, "10.66.70.50/24") {
		t.Errorf("the address that was first is not free: %s", out)
	}
	p.does(words["detach"]...)
	p.gc()
	p.does(words["rm"]...)
	p.gc()
	for _, dir := range []string{"log.ipam", "l/endpoints", "r/leases"} {
		left, _ := exec.Command("find", p.path(dir), "-mindepth", "1", "-not", "-path", "*/cache*").CombinedOutput()
		if len(left) > 0 {
			t.Errorf("left in %s: %s", dir, left)
		}
	}
	if links, err := netdev.Links("fh", "fc"); err != nil || len(links) > 0 {
		t.Errorf("the plugin's links: %v %v", links, err)
	}
	if t.Failed() {
		text, _ := os.ReadFile(p.path("log"))
		t.Logf("the plugin was asked:\n%s", text)
	}
}

func (p *plugged) gc() {
	p.t.Helper()
	c := p.pouch()
	c.Path, c.Args = filepath.Join(p.bin, "netgc"), []string{"netgc", p.dir}
	if out, err := c.CombinedOutput(); err != nil {
		p.t.Errorf("gc: %v: %s", err, out)
	}
}
