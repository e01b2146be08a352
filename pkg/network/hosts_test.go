package network

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestHostsFile(t *testing.T) {
	e := []HostsEntry{{netip.MustParseAddr("10.0.0.2"), []string{"a", "b"}}, {netip.MustParseAddr("fd00::2"), []string{"c"}}}
	block := hostsBegin + "10.0.0.2\ta b\nfd00::2\tc\n" + hostsEnd
	for name, c := range map[string]struct {
		old     string
		entries []HostsEntry
		want    string
	}{
		"new":       {"127.0.0.1 localhost\n", e, "127.0.0.1 localhost\n" + block},
		"no end":    {"127.0.0.1 localhost", e, "127.0.0.1 localhost\n" + block},
		"again":     {"x\n" + block, e, "x\n" + block},
		"edited":    {"x\n" + block + "mine\n", e[:1], "x\n" + hostsBegin + "10.0.0.2\ta b\n" + hostsEnd + "mine\n"},
		"gone":      {"x\n" + block + "mine\n", nil, "x\nmine\n"},
		"empty":     {"", nil, ""},
		"cut short": {"x\n" + hostsBegin + "10.0.0.9 y\n", e, "x\n" + block},
	} {
		if got := string(HostsFile([]byte(c.old), c.entries)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestOwnLine(t *testing.T) {
	for _, c := range []struct{ host, names, want string }{
		{"box", "foo box al", "box foo al"},
		{"foo", "foo al", "foo al"},
		{"h.example.org", "foo h.example.org", "h.example.org h foo"},
		{"box", "foo box box.example.org", "box.example.org foo box"},
		{"box.example.org", "foo box box.example.org", "box.example.org foo box"}, // again
		{"", "foo box", "foo box"},
		{"other", "foo box", "foo box"},
	} {
		e := []HostsEntry{{netip.MustParseAddr("10.0.0.2"), strings.Fields(c.names)}}
		got := namedFirst(e, c.host)
		if s := strings.Join(got[0].Names, " "); s != c.want || strings.Join(e[0].Names, " ") != c.names {
			t.Errorf("%s of %s: %s", c.host, c.names, s)
		}
		if first := firstName(HostsFile([]byte("127.0.0.1 localhost\n"), got)); first != got[0].Names[0] {
			t.Errorf("first name %q", first)
		}
	}
	if first := firstName([]byte("127.0.0.1 localhost\n" + hostsBegin + hostsEnd)); first != "" {
		t.Errorf("first name of nobody: %q", first)
	}
}

func (r *rig) hosts(name string) string {
	r.t.Helper()
	b, err := r.s.Hosts(idOf(name))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(b)
}

func TestMembersKnowEachOther(t *testing.T) {
	r := newRig(t)
	r.network("n1", CreateOpts{})
	a := r.joins("aa", "n1")
	path := r.s.HostFile(idOf("aa"), "hosts")
	mounted := filepath.Join(r.s.RunRoot, "etc-hosts") // as in the container
	if err := os.WriteFile(mounted, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount(path, mounted, "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(mounted, unix.MNT_DETACH)

	o := r.opts(r.container("bb"), "bb", "n1")
	o.Join.Aliases = []string{"db"}
	b := must(r.Attach(t.Context(), o))(t)
	r.joins("stranger", "bridge")
	want := ip(b.IPv4) + "\tbb db\n"
	seen, err := os.ReadFile(mounted)
	if err != nil || !strings.Contains(string(seen), want) || !strings.HasPrefix(string(seen), "127.0.0.1\tlocalhost\n") {
		t.Errorf("aa sees %q %v, want %q", seen, err, want)
	}
	if strings.Contains(string(seen), "stranger") {
		t.Errorf("aa sees another network's member: %s", seen)
	}
	first := strings.Index(r.hosts("bb"), ip(b.IPv4))
	if other := strings.Index(r.hosts("bb"), ip(a.IPv4)); first < 0 || other < first {
		t.Errorf("bb's own line is not first: %s", r.hosts("bb"))
	}
	if err := r.DetachAll(t.Context(), idOf("bb")); err != nil {
		t.Fatal(err)
	}
	if seen, err := os.ReadFile(mounted); err != nil || strings.Contains(string(seen), "bb") {
		t.Errorf("after bb left: %q %v", seen, err)
	}
}

func TestConnect(t *testing.T) {
	r := newRig(t)
	r.network("n1", CreateOpts{})
	r.joins("aa", "bridge")
	if err := r.Connect(t.Context(), "aa", record.Join{Network: "n1", Aliases: []string{"x"}}); err != nil {
		t.Fatal(err)
	}
	got := must(r.attachedTo(idOf("aa")))(t)
	c := must(r.s.Container(idOf("aa")))(t)
	if len(got) != 2 || got[1].Network != "n1" || len(c.Networks) != 2 || c.Networks[0].Network != Default {
		t.Errorf("attached %+v, record %+v", got, c.Networks)
	}
	if !strings.Contains(r.hosts("aa"), "aa "+idOf("aa")[:12]+" x\n") {
		t.Error(r.hosts("aa"))
	}
	if err := r.Connect(t.Context(), "aa", record.Join{Network: "n1"}); err == nil {
		t.Error("connected twice")
	}
	if err := r.Disconnect(t.Context(), "aa", "bridge"); err != nil {
		t.Fatal(err)
	}
	c = must(r.s.Container(idOf("aa")))(t)
	if got := must(r.attachedTo(idOf("aa")))(t); len(got) != 1 || c.NetworkMode != "n1" || len(c.Networks) != 1 {
		t.Errorf("attached %+v, record %+v", got, c)
	}
	if err := r.Disconnect(t.Context(), "aa", "bridge"); err == nil {
		t.Error("disconnected twice")
	}
	// One that does not run only has its record changed.
	if err := r.DetachAll(t.Context(), idOf("aa")); err != nil {
		t.Fatal(err)
	}
	if err := r.RemoveNetns(idOf("aa")); err != nil {
		t.Fatal(err)
	}
	if err := r.Disconnect(t.Context(), "aa", "n1"); err != nil {
		t.Fatal(err)
	}
	if c = must(r.s.Container(idOf("aa")))(t); c.NetworkMode != "none" || len(c.Networks) != 0 {
		t.Errorf("record %+v", c)
	}
	if err := r.Connect(t.Context(), "aa", record.Join{Network: "bridge"}); err != nil {
		t.Fatal(err)
	}
	if c = must(r.s.Container(idOf("aa")))(t); c.NetworkMode != Default || len(c.Networks) != 1 {
		t.Errorf("record %+v", c)
	}
}

// What a container does with its own hosts file, which it has mounted, keeps nobody
// else from joining the network: the kernel refuses to open a file for writing that
// somebody has a lease on, or runs.
func TestAMemberSpoilsNobodyElsesHosts(t *testing.T) {
	for what, spoil := range map[string]func(t *testing.T, path string) (end func()){"lease": leased, "running": running} {
		t.Run(what, func(t *testing.T) {
			r := newRig(t)
			r.network("n1", CreateOpts{})
			r.joins("aa", "n1")
			end := spoil(t, r.s.HostFile(idOf("aa"), "hosts"))
			b := r.joins("bb", "n1")
			if !strings.Contains(r.hosts("bb"), ip(b.IPv4)+"\tbb\n") {
				t.Errorf("hosts of who joined: %s", r.hosts("bb"))
			}
			r.leave(idOf("bb"))
			end()
			c := r.joins("cc", "n1")
			if !strings.Contains(r.hosts("aa"), ip(c.IPv4)+"\tcc\n") {
				t.Errorf("hosts of who gave its file free: %s", r.hosts("aa"))
			}
		})
	}
}

func leased(t *testing.T, path string) func() {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_WRLCK); err != nil {
		t.Fatal(err)
	}
	return func() { f.Close() }
}

func running(t *testing.T, path string) func() {
	nettest.Run(t, "", "sh", "-c", "cat $(command -v sleep) >"+path+" && chmod 700 "+path)
	c := exec.Command(path, "1000")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return func() {
		c.Process.Kill()
		c.Wait() // it was killed
	}
}
