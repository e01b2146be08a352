//go:build integration && amd64

package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
	"github.com/pouchcontainer/pouch/test/cridaemon"
	"github.com/pouchcontainer/pouch/test/harness"
)

const podConf = `{"cniVersion": "1.1.0", "name": "node", "plugins": [{"type": "pouch", "network": "pods", "root": %q, "runRoot": %q,
 "capabilities": {"portMappings": true, "bandwidth": true, "ips": true, "mac": true}}%s]}`

// hangsOnce is the plugin tuning, but that it hangs the first time that it is asked
// for VERB, and says its pid.
const hangsOnce = `#!/bin/sh
if [ $CNI_COMMAND = VERB ] && [ ! -e DIR/hangs ]; then
	echo $$ >DIR/tmp
	mv DIR/tmp DIR/hangs
	exec sleep 1000
fi
exec PLUGINS/tuning
`

// node is a machine of a cluster: containerd's CRI, with Pouch for its network.
type node struct {
	*cridaemon.Daemon
	dir string // of all that it keeps
	t   *testing.T
	s   *harness.Suite
	ctx context.Context //nolint:containedctx // the test's own
}

// newNode starts one; its pods are in the network pods, 10.66.60.0/24 and fd66:60::/64. What it
// leaves in the suite is for the census to find. Behind Pouch in the chain is the
// plugin tuning, if there is a verb at which it hangs once: see hangs.
func newNode(t *testing.T, s *harness.Suite, hangsAt string) *node {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), harness.Patience(3*time.Minute))
	dir, err := s.Scratch("cri")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "cnibin"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.Must(t, "pouch-net", "create", "--subnet", "10.66.60.0/24", "--ipv6", "--subnet", "fd66:60::/64", "pods")
	parent := (&store.Store{Root: s.Root, RunRoot: s.RunRoot}).CgroupParent() + "/node"
	t.Cleanup(func() {
		cancel()
		for _, g := range cgroupsOf(parent) {
			if err := unix.Rmdir(g); err != nil {
				t.Errorf("a pod's cgroup is left in %s: %v", g, err)
			}
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err) // what is mounted still
		}
	})
	chained := ""
	if hangsAt != "" {
		chained = `, {"type": "behind"}`
		plugins, err := harness.CNIPlugins()
		if err != nil {
			t.Fatal(err)
		}
		behind := filepath.Join(dir, "cnibin", "behind")
		writeText(t, behind, strings.NewReplacer("DIR", dir, "VERB", hangsAt, "PLUGINS", plugins).Replace(hangsOnce))
		sh(t, "chmod", "755", behind)
	}
	d, err := cridaemon.Start(ctx, cridaemon.Options{
		Dir: dir, Bin: s.Bin, Archive: podImage(t, s, dir), Cgroup: parent,
		CNI: fmt.Sprintf(podConf, s.Root, s.RunRoot, chained),
	})
	if err != nil {
		t.Fatal(err)
	}
	n := &node{d, dir, t, s, ctx}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), harness.Patience(time.Minute))
		defer cancel()
		if err := n.RemoveAll(ctx); err != nil {
			t.Error(err)
		}
		n.Kill()
	})
	return n
}

// podImage makes the image of pods and their containers: busybox that stays.
func podImage(t *testing.T, s *harness.Suite, dir string) string {
	t.Helper()
	archive := filepath.Join(dir, "pod.tar")
	s.Must(t, "pouch-run", "create", "--network", "none", "--name", "podimage", s.Image)
	s.Must(t, "pouch-run", "commit", "-c", `CMD ["sleep", "1000000"]`, "podimage", "pod:latest")
	s.Must(t, "pouch-run", "rm", "podimage")
	s.Must(t, "pouch-image", "save", "-o", archive, "pod:latest")
	s.Must(t, "pouch-image", "rm", "pod:latest")
	return archive
}

func cgroupsOf(parent string) []string {
	one, _ := filepath.Glob("/sys/fs/cgroup" + parent)
	each, _ := filepath.Glob("/sys/fs/cgroup/*" + parent)
	return append(one, each...)
}

// pod starts a pod with a container in it, and returns their ids and the IPv4 address.
func (n *node) pod(p cridaemon.Pod, command ...string) (pod, container string, ip netip.Addr) {
	n.t.Helper()
	pod, text, err := n.RunPod(n.ctx, p)
	if err != nil {
		n.t.Fatal(err)
	}
	four, six, _ := strings.Cut(text, ",")
	if ip, err = netip.ParseAddr(four); err != nil || !netip.MustParsePrefix("10.66.60.0/24").Contains(ip) || !strings.HasPrefix(six, "fd66:60::") {
		n.t.Fatalf("pod %s has the addresses %q: %v", p.Name, text, err)
	}
	if container, err = n.Run(n.ctx, p, pod, command...); err != nil {
		n.t.Fatal(err)
	}
	return pod, container, ip
}

// ends stops and removes a pod.
func (n *node) ends(pod string) {
	n.t.Helper()
	if err := n.StopPod(n.ctx, pod); err != nil {
		n.t.Fatal(err)
	}
	if err := n.RemovePod(n.ctx, pod); err != nil {
		n.t.Fatal(err)
	}
}

// members of the network pods, as `name address`.
func (n *node) members() []string {
	n.t.Helper()
	out := n.s.Must(n.t, "pouch-net", "inspect", "-f", "{{range .Containers}}{{.Name}} {{.IPv4Address}},{{end}}", "pods")
	return slices.DeleteFunc(strings.Split(out, ","), func(s string) bool { return s == "" })
}

// serves waits until an URL answers with the text.
func (n *node) serves(url, text string) {
	n.t.Helper()
	var last string
	if !await(n.t, time.Minute, "an answer of "+url, func() bool {
		last = fetch(url)
		return last == text
	}) {
		n.t.Errorf("%s: %s", url, last)
	}
}

// fetch returns what a web server says, or why it does not.
func fetch(url string) string {
	c := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := c.Get(url)
	if err != nil {
		return err.Error()
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(b))
}

func webServer(text string) []string {
	return []string{"sh", "-c", "mkdir /w && echo " + text + " >/w/index.html && exec httpd -f -h /w -p 80"}
}

// Pods of containerd's CRI are members of a network of Pouch: they have its
// addresses, are listed, reach each other and containers, are reached at their
// host ports, keep their rates; and nothing of them stays.
func TestCRI(t *testing.T) {
	s := start(t)
	n := newNode(t, s, "")
	web := cridaemon.Pod{
		Name:        "web-pod",
		Ports:       []*cri.PortMapping{{ContainerPort: 80, HostPort: 18086}},
		Annotations: map[string]string{"kubernetes.io/ingress-bandwidth": "40M", "kubernetes.io/egress-bandwidth": "20M"},
	}
	pod, _, ip := n.pod(web, webServer("from-web")...)
	other, inside, ip2 := n.pod(cridaemon.Pod{Name: "other-pod"}, webServer("from-other")...)
	if got, want := n.members(), []string{"other-pod " + ip2.String() + "/24", "web-pod " + ip.String() + "/24"}; !sameSet(got, want) {
		t.Errorf("members: %q, want %q", got, want)
	}
	n.serves("http://"+ip.String(), "from-web")
	n.serves("http://"+ip2.String(), "from-other")
	for _, at := range []string{ip.String(), "10.66.60.1:18086"} { // the other pod, and its host port
		if got, err := n.Exec(n.ctx, inside, "wget", "-q", "-O", "-", "http://"+at); err != nil || strings.TrimSpace(got) != "from-web" {
			t.Errorf("from pod to pod by %s: %q, %v", at, got, err)
		}
	}
	if got := s.Must(t, "pouch-run", "run", "--rm", "--network", "pods", s.Image, "wget", "-q", "-O", "-", "http://web-pod"); got != "from-web" {
		t.Errorf("from a container, by the pod's name: %q", got)
	}
	n.serves("http://10.66.60.1:18086", "from-web")
	outside(t, "http://192.0.2.1:18086", "from-web")
	if ns := n.netns("web-pod"); !strings.Contains(ns, "/netns/cni-") {
		t.Errorf("the pod's namespace is %s: nothing() looks for others", ns)
	}
	n.refused("second-pod", 18086, "port 18086/tcp is published for")
	n.rates("40Mbit", "20Mbit", "web-pod")
	n.ends(pod)
	if got := n.members(); len(got) != 1 || !strings.HasPrefix(got[0], "other-pod ") {
		t.Errorf("members after the end of web-pod: %q", got)
	}
	n.ends(other)
	n.nothing()
	n.status("")
	s.Must(t, "pouch-net", "rm", "pods")
	n.status("network pods not found")
}

// kill -9 of containerd changes nothing for a pod that runs, and the next
// containerd ends it whole; an address that is taken twice would show.
func TestCRIKilled(t *testing.T) {
	s := start(t)
	n := newNode(t, s, "")
	p := cridaemon.Pod{Name: "web-pod", Ports: []*cri.PortMapping{{ContainerPort: 80, HostPort: 18087}}}
	pod, _, ip := n.pod(p, webServer("from-web")...)
	n.serves("http://10.66.60.1:18087", "from-web")
	n.Kill()
	n.serves("http://10.66.60.1:18087", "from-web")
	if got := n.members(); len(got) != 1 || got[0] != "web-pod "+ip.String()+"/24" {
		t.Errorf("members without containerd: %q", got)
	}
	if err := n.Restart(n.ctx); err != nil {
		t.Fatal(err)
	}
	if got, err := n.Pods(n.ctx); err != nil || len(got) != 1 {
		t.Errorf("pods of the next containerd: %q, %v", got, err)
	}
	second, _, ip2 := n.pod(cridaemon.Pod{Name: "second-pod"}, "sleep", "1000")
	if ip2 == ip {
		t.Errorf("%s is given twice", ip)
	}
	n.ends(pod)
	n.ends(second)
	n.nothing()
	// The address and the port are free again.
	pod, _, _ = n.pod(p, webServer("again")...)
	n.serves("http://10.66.60.1:18087", "again")
	n.ends(pod)
	n.nothing()
}

// kill -9 of containerd in the middle of a chain, at an ADD when Pouch has answered
// and nobody has the answer, and at a DEL before Pouch was asked: the next containerd
// and a stop end it whole.
func TestCRIKilledInTheChain(t *testing.T) {
	for _, verb := range []string{"ADD", "DEL"} {
		t.Run(verb, func(t *testing.T) {
			n := newNode(t, start(t), verb)
			done := make(chan error, 1)
			go func() {
				pod, _, err := n.RunPod(n.ctx, cridaemon.Pod{Name: "web-pod", Ports: []*cri.PortMapping{{ContainerPort: 80, HostPort: 18088}}})
				if err == nil {
					err = n.StopPod(n.ctx, pod)
				}
				done <- err
			}()
			pid := n.hangs()
			if got := n.members(); len(got) != 1 {
				t.Errorf("members: %q", got)
			}
			n.Kill()
			kill(t, pid)
			if err := <-done; err == nil {
				t.Error("containerd has answered")
			}
			if err := n.Restart(n.ctx); err != nil {
				t.Fatal(err)
			}
			if err := n.RemoveAll(n.ctx); err != nil {
				t.Error(err)
			}
			n.nothing()
		})
	}
}

// hangs waits for the plugin behind Pouch and returns its pid.
func (n *node) hangs() (pid int) {
	n.t.Helper()
	if !await(n.t, time.Minute, "the plugin behind Pouch", func() bool {
		b, err := os.ReadFile(filepath.Join(n.dir, "hangs"))
		if err == nil {
			pid, err = strconv.Atoi(strings.TrimSpace(string(b)))
		}
		return err == nil && pid > 0
	}) {
		n.t.FailNow()
	}
	return pid
}

// refused checks that a pod does not get a port that another one has, and leaves
// nothing.
func (n *node) refused(name string, port int32, why string) {
	n.t.Helper()
	p := cridaemon.Pod{Name: name, Ports: []*cri.PortMapping{{ContainerPort: 80, HostPort: port}}}
	if _, _, err := n.RunPod(n.ctx, p); err == nil || !strings.Contains(err.Error(), why) {
		n.t.Errorf("pod %s: %v, want: %s", name, err, why)
	}
	if all := n.members(); strings.Contains(strings.Join(all, ","), name) {
		n.t.Errorf("members after a pod that failed: %q", all)
	}
}

// status checks what containerd says of the network, by the plugin's STATUS.
func (n *node) status(want string) {
	n.t.Helper()
	got, err := n.Network(n.ctx)
	if err != nil || (got == "") != (want == "") || !strings.Contains(got, want) {
		n.t.Errorf("the network's status: %q, %v, want: %q", got, err, want)
	}
}

func sameSet(a, b []string) bool {
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// outside fetches from a network namespace that is another host's.
func outside(t *testing.T, url, text string) {
	t.Helper()
	ns := fmt.Sprintf("outside-%d", os.Getpid()) // its file is the machine's
	sh(t, "sh", "-ec", strings.ReplaceAll(`ip netns add NS; ip link add outer0 type veth peer name eth0 netns NS
		ip addr add 192.0.2.1/24 dev outer0; ip link set outer0 up
		ip -n NS addr add 192.0.2.2/24 dev eth0; ip -n NS link set eth0 up`, "NS", ns))
	defer sh(t, "sh", "-ec", "ip link del outer0; ip netns del "+ns)
	if got := sh(t, "ip", "netns", "exec", ns, "busybox", "wget", "-q", "-O", "-", url); got != text {
		t.Errorf("from another host: %q", got)
	}
}

// rates checks what the pod's bandwidth annotations ask for: into it at the
// host's end of its link, out of it at its own.
func (n *node) rates(in, out, pod string) {
	n.t.Helper()
	if got := sh(n.t, "tc", "qdisc", "show"); !strings.Contains(got, "rate "+in) {
		n.t.Errorf("no rate of %s into pod %s: %s", in, pod, got)
	}
	if got := sh(n.t, "nsenter", "--net="+n.netns(pod), "tc", "qdisc", "show", "dev", "eth0"); !strings.Contains(got, "rate "+out) {
		n.t.Errorf("no rate of %s out of pod %s: %s", out, pod, got)
	}
}

// netns is the only member's namespace of that name, by its lease.
func (n *node) netns(name string) string {
	n.t.Helper()
	for _, file := range n.files("leases", "pods", "*") {
		var l record.Lease
		if b, err := os.ReadFile(file); err == nil && json.Unmarshal(b, &l) == nil && slices.Contains(l.Names, name) {
			return l.Netns
		}
	}
	n.t.Fatalf("no lease of %s", name)
	return ""
}

// files below the run-root that match.
func (n *node) files(pattern ...string) []string {
	found, _ := filepath.Glob(filepath.Join(append([]string{n.s.RunRoot}, pattern...)...))
	return found
}

// nothing fails unless of all pods no lease, link, rule or namespace is left.
func (n *node) nothing() {
	n.t.Helper()
	if left := n.files("leases", "pods", "*"); len(left) > 0 {
		n.t.Errorf("leases are left: %v", left)
	}
	all, err := net.Interfaces()
	if err != nil {
		n.t.Fatal(err)
	}
	for _, l := range all {
		if strings.HasPrefix(l.Name, "pv") {
			n.t.Errorf("the link %s is left", l.Name)
		}
	}
	if rules := sh(n.t, "nft", "list", "ruleset"); strings.Contains(rules, "dport 1808") {
		n.t.Errorf("rules are left: %s", rules)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || strings.Contains(string(mounts), "/netns/cni-") {
		n.t.Errorf("network namespaces are left: %v, %s", err, mounts)
	}
}
