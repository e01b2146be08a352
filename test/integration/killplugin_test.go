//go:build integration && amd64

package integration

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/pouchcontainer/pouch/test/harness"
	"github.com/pouchcontainer/pouch/test/killpoint"
)

const killedPluginConf = `{"cniVersion": "1.1.0", "name": "killed", "type": "pouch", "network": "kp",
 "runtimeConfig": {"portMappings": [{"hostPort": 18089, "containerPort": 80, "protocol": "tcp"}], "bandwidth": {"egressRate": 8000000}}}`

// killedPlugin is Pouch's CNI plugin, called as runtimes call it, for one pod.
type killedPlugin struct {
	t       *testing.T
	s       *harness.Suite
	program string
	conf    string
	ns      string
}

// Whatever moment Pouch's plugin is killed at, in ADD or in DEL, a DEL leaves
// nothing, and the pod can be added again.
func TestKilledPlugin(t *testing.T) {
	s := start(t)
	dir := t.TempDir()
	p := &killedPlugin{t, s, filepath.Join(dir, "pouch"), filepath.Join(dir, "conf"), filepath.Join(dir, "ns")}
	if err := os.Symlink(filepath.Join(s.Bin, "pouch-net"), p.program); err != nil {
		t.Fatal(err)
	}
	writeText(t, p.conf, killedPluginConf)
	writeText(t, p.ns, "")
	sh(t, "unshare", "--net="+p.ns, "true")
	t.Cleanup(func() { sh(t, "umount", p.ns) })
	s.Must(t, "pouch-net", "create", "--subnet", "10.67.11.0/30", "kp") // one address
	for _, verb := range []string{"ADD", "DEL"} {
		points := p.killed(verb, 0)
		if points < 10 {
			t.Fatalf("%s: only %d points", verb, points)
		}
		kills := 0
		for at := 3; at <= points; at += max(points/10, 1) {
			if p.killed(verb, at) == at {
				kills++
			}
		}
		if kills == 0 {
			t.Errorf("%s: nobody was killed: the test tests nothing", verb)
		}
	}
	s.Must(t, "pouch-run", "gc") // of a file that was being written
}

// killed kills verb at a point, calls DEL, and looks; it returns how many points
// were passed.
func (p *killedPlugin) killed(verb string, at int) int {
	p.t.Helper()
	if verb == "DEL" {
		p.must("ADD")
	}
	r, err := killpoint.Run([]string{p.program}, p.attr(verb), at)
	if err != nil {
		p.t.Fatal(err)
	}
	p.must("DEL")
	left, _ := filepath.Glob(filepath.Join(p.s.RunRoot, "leases", "kp", "[0-9]*"))
	links := sh(p.t, "ip", "-br", "link") + sh(p.t, "nsenter", "--net="+p.ns, "ip", "-br", "link")
	rules := sh(p.t, "nft", "list", "ruleset")
	if len(left) > 0 || strings.Contains(links, "pv") || strings.Contains(links, "eth0@") || strings.Contains(rules, "18089") || strings.Contains(rules, "table netdev") {
		p.t.Errorf("%s killed at %d (%s): left %v\n%s\n%s", verb, at, r.Call, left, links, rules)
	}
	return r.Points
}

// must calls verb to its end.
func (p *killedPlugin) must(verb string) {
	p.t.Helper()
	c := p.s.Cmd(p.program)
	c.Env = p.attr(verb).Env
	in, err := os.Open(p.conf)
	if err != nil {
		p.t.Fatal(err)
	}
	defer in.Close()
	c.Stdin = in
	if r := harness.Do(c); r.Code != 0 {
		p.t.Fatalf("%s: %v", verb, r)
	}
}

func (p *killedPlugin) attr(verb string) *os.ProcAttr {
	p.t.Helper()
	in, err := os.Open(p.conf)
	if err != nil {
		p.t.Fatal(err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		in.Close()
		null.Close()
	})
	env := append(environ(), "CNI_COMMAND="+verb, "CNI_CONTAINERID=pod", "CNI_IFNAME=eth0", "CNI_NETNS="+p.ns, "CNI_PATH="+filepath.Dir(p.program))
	return &os.ProcAttr{Env: env, Files: []*os.File{in, null, null}, Sys: &syscall.SysProcAttr{}}
}
