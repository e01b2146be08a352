package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/test/harness"
)

// netBench measures networks: how long it takes to join one and leave it, beside
// the CNI project's reference plugins, and what passes.
type netBench struct {
	s       *harness.Suite
	dir     string
	plugins string // folder of the reference plugins and cnitool
}

const (
	pouchSubnet = "10.201.0.0/24"
	chainSubnet = "10.202.0.0/24"
)

// networks are the configuration lists: the same bridge network by Pouch's plugin and
// by the chain of the reference plugins.
func networks(dir string) map[string]string {
	return map[string]string{
		"pouch": `{"cniVersion":"1.0.0","name":"pouch","plugins":[{"type":"pouch","network":"bench","capabilities":{"portMappings":true}}]}`,
		"chain": `{"cniVersion":"1.0.0","name":"chain","plugins":[
			{"type":"bridge","bridge":"chain0","isGateway":true,"ipMasq":true,"hairpinMode":true,
			 "ipam":{"type":"host-local","dataDir":"` + dir + `/ipam","ranges":[[{"subnet":"` + chainSubnet + `"}]],"routes":[{"dst":"0.0.0.0/0"}]}},
			{"type":"portmap","capabilities":{"portMappings":true},"snat":true},
			{"type":"firewall"}]}`,
	}
}

// newNetBench makes the network, the configurations and the plugin's name.
func newNetBench(s *harness.Suite, dir string) (*netBench, error) {
	plugins, err := harness.CNIPlugins()
	if err != nil {
		return nil, err
	}
	b := &netBench{s, dir, plugins}
	for _, d := range []string{b.conf(), b.bin(), b.netns("")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, err
		}
	}
	for name, text := range networks(dir) {
		if err := os.WriteFile(filepath.Join(b.conf(), name+".conflist"), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	own, err := filepath.Abs(s.Bin)
	if err != nil {
		return nil, err
	}
	// A copy of the program's name, not of the program: it finds its companions by where it lies.
	if err := os.Symlink(filepath.Join(own, "pouch-net"), filepath.Join(b.bin(), "pouch")); err != nil {
		return nil, err
	}
	return b, runOne(s.Cmd("pouch-net", "create", "--subnet", pouchSubnet, "bench"))
}

func (b *netBench) conf() string             { return filepath.Join(b.dir, "conf") }
func (b *netBench) bin() string              { return filepath.Join(b.dir, "plugin") }
func (b *netBench) netns(name string) string { return filepath.Join(b.dir, "netns", name) }

// remove takes all of it away.
func (b *netBench) remove() {
	runOne(b.s.Cmd("pouch-net", "rm", "bench"))
	names, _ := os.ReadDir(b.netns(""))
	for _, n := range names {
		unix.Unmount(b.netns(n.Name()), unix.MNT_DETACH)
	}
	for _, l := range []string{"chain0", "out0"} {
		exec.Command("ip", "link", "del", l).Run()
	}
	exec.Command("nft", "flush", "ruleset").Run() // of the benchmark's own namespace
}

// namespace makes one and keeps it.
func (b *netBench) namespace(name string) (string, error) {
	path := b.netns(name)
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	f.Close()
	return path, runOne(exec.Command("unshare", "--net="+path, "ip", "link", "set", "lo", "up"))
}

// cni is a call of cnitool; ports is a port mapping, or "".
func (b *netBench) cni(verb, network, netns, ports string) *exec.Cmd {
	return b.withCNI(ports, filepath.Join(b.plugins, "cnitool"), verb, network, netns)
}

func (b *netBench) withCNI(ports, program string, args ...string) *exec.Cmd {
	c := b.s.Cmd(program, args...)
	c.Env = append(c.Env, "NETCONFPATH="+b.conf(), "CNI_PATH="+b.bin()+":"+b.plugins)
	if ports != "" {
		c.Env = append(c.Env, `CAP_ARGS={"portMappings":[`+ports+`]}`)
	}
	return c
}

func mapping(host, inside int) string {
	return fmt.Sprintf(`{"hostPort":%d,"containerPort":%d,"protocol":"tcp"}`, host, inside)
}

// joins are the contenders of joining and leaving.
func (b *netBench) joins() ([]*contender, error) {
	ns, err := b.namespace("joins")
	if err != nil {
		return nil, err
	}
	port := mapping(15080, 80)
	both := func(ports, network string) func(int) *exec.Cmd {
		tool := filepath.Join(b.plugins, "cnitool")
		return func(int) *exec.Cmd {
			return b.withCNI(ports, "sh", "-c", fmt.Sprintf("%s add %s %s >/dev/null && %s del %s %s", tool, network, ns, tool, network, ns))
		}
	}
	return []*contender{
		{name: "pouch-net attach, detach", command: func(int) *exec.Cmd {
			return b.s.Cmd("sh", "-c", fmt.Sprintf("pouch-net attach --netns %s bench >/dev/null && pouch-net detach --netns %s bench >/dev/null", ns, ns))
		}},
		{name: "cnitool, plugin pouch", command: both("", "pouch")},
		{name: "cnitool, reference plugins", command: both("", "chain")},
		{name: "cnitool, plugin pouch, a port", command: both(port, "pouch")},
		{name: "cnitool, reference plugins, a port", command: both(port, "chain")},
	}, nil
}
