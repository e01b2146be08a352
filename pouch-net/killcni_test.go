package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
	"github.com/pouchcontainer/pouch/test/harness"
)

// A plugin behind another, which hangs in what the file hang says.
const (
	hangingConf = `{"cniVersion": "1.0.0", "name": "killed", "plugins": [
 {"type": "bridge", "bridge": "killed0", "ipam": {"type": "host-local", "dataDir": "DIR/ipam", "ranges": [[{"subnet": "10.66.71.0/30"}]]}},
 {"type": "hanging"}]}`
	hangingPlugin = `#!/bin/sh
if grep -qs "$CNI_COMMAND" DIR/hang; then
	echo $$ >DIR/hangs.new
	mv DIR/hangs.new DIR/hangs
	exec sleep 1000
fi
[ "$CNI_COMMAND" != ADD ] || jq -c .prevResult
`
)

// Whoever is killed while a chain of plugins is under way, the command, the program
// that runs the chain, or a plugin: the network has one address, and it is free again.
func TestKilledWhileCNIIsUnderWay(t *testing.T) {
	nettest.Need(t)
	plugins, err := harness.CNIPlugins()
	if err != nil {
		t.Fatal(err)
	}
	bin := programs(t)
	for _, verb := range []string{"attach", "detach"} {
		for _, victim := range []string{"command", "asker", "plugin"} {
			t.Run(verb+"/"+victim, func(t *testing.T) {
				p := newPlugged(t, bin)
				t.Setenv("CNI_PATH", plugins+":"+p.dir)
				p.chain()
				words := map[string][]string{"attach": {"attach", "--netns", "ns", "cni:killed"}, "detach": {"detach", "--netns", "ns", "cni:killed"}}
				if verb == "detach" {
					p.does(words["attach"]...)
				}
				p.killedInChain(words[verb], map[string]string{"attach": "ADD", "detach": "DEL"}[verb], victim)
				p.does(words["detach"]...)
				p.gc()
				p.free()
				p.does(words["attach"]...)
				p.does(words["detach"]...)
				p.gc()
				p.free()
			})
		}
	}
}

func (p *plugged) chain() {
	p.t.Helper()
	in := func(text string) []byte { return []byte(strings.ReplaceAll(text, "DIR", p.dir)) }
	err := os.Mkdir(p.path("conf"), 0o700)
	if err == nil {
		err = os.WriteFile(p.path("conf/killed.conflist"), in(hangingConf), 0o600)
	}
	if err == nil {
		err = os.WriteFile(p.path("hanging"), in(hangingPlugin), 0o700)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { netdev.DeleteLink("killed0") })
}

// killedInChain starts a command and kills the victim when the last plugin hangs.
func (p *plugged) killedInChain(words []string, call, victim string) {
	t := p.t
	t.Helper()
	if err := os.WriteFile(p.path("hang"), []byte(call), 0o600); err != nil {
		t.Fatal(err)
	}
	c := p.pouch(words...)
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	p.until("the plugin hangs", func() bool { _, err := os.Stat(p.path("hangs")); return err == nil })
	text, err := os.ReadFile(p.path("hangs"))
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Sscan(string(text), &pid); err != nil {
		t.Fatal(err)
	}
	os.Remove(p.path("hang"))
	switch victim {
	case "command":
		c.Process.Kill()
	case "asker":
		unix.Kill(childOf(t, c.Process.Pid), unix.SIGKILL)
	case "plugin":
		unix.Kill(pid, unix.SIGKILL)
	}
	if err := c.Wait(); err == nil && call == "ADD" {
		t.Fatalf("nobody missed the one who was killed: %s", said.String())
	}
	p.until("the plugin has ended with them", func() bool { return unix.Kill(pid, 0) != nil })
}

// free fails unless the plugins, and Pouch, have nothing left.
func (p *plugged) free() {
	p.t.Helper()
	out, _ := exec.Command("find", p.path("ipam"), "-name", "10.*").CombinedOutput()
	kept, _ := filepath.Glob(p.path("l/endpoints/*.json"))
	if len(out) > 0 || len(kept) > 0 {
		p.t.Errorf("addresses: %s, endpoints: %v", out, kept)
	}
	if out := nettest.Run(p.t, p.path("ns"), "ip", "-br", "link"); strings.Contains(out, "eth0") {
		p.t.Errorf("in the namespace: %s", out)
	}
	if links, err := netdev.Links("veth"); err != nil || len(links) > 0 {
		p.t.Errorf("links: %+v %v", links, err)
	}
}
