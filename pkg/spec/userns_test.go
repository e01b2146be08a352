package spec

import (
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func nsPath(s *specs.Spec, kind specs.LinuxNamespaceType) (string, bool) {
	for _, n := range s.Linux.Namespaces {
		if n.Type == kind {
			return n.Path, true
		}
	}
	return "", false
}

func mapped(c *record.Container) {
	c.Host.UIDMap = []record.IDMap{{Container: 0, Host: 100000, Size: 1000}}
	c.Host.GIDMap = []record.IDMap{{Container: 0, Host: 100000, Size: 3}, {Container: 3, Host: 200000, Size: 2}}
}

func TestJoinedNamespaces(t *testing.T) {
	c, h := testContainer(), testHost()
	c.Host.PidMode, c.Host.IpcMode, c.Host.UtsMode, c.NetworkMode = "container:p", "container:i", "ns:/u", "container:n"
	s, err := Build(c, h)
	if err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[specs.LinuxNamespaceType]string{"pid": "container:p", "ipc": "container:i", "uts": "/u", "network": "container:n"} {
		if got, _ := nsPath(s, kind); got != want {
			t.Errorf("%s: %q", kind, got)
		}
	}
	if s.Hostname != "" {
		t.Errorf("the host name of another one's namespace would become %q", s.Hostname)
	}
	if !slices.ContainsFunc(s.Mounts, func(m specs.Mount) bool { return m.Destination == "/dev/shm" && m.Source == "container:i/dev/shm" }) {
		t.Error("/dev/shm is not that of the IPC namespace")
	}
}

func TestUserns(t *testing.T) {
	c, h := testContainer(), testHost()
	mapped(c)
	s, err := Build(c, h)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := nsPath(s, specs.UserNamespace); got != "owner:"+h.NetnsPath || s.Linux.UIDMappings != nil {
		t.Errorf("with a network: %q, %v", got, s.Linux.UIDMappings)
	}
	if got := s.Linux.Sysctl["net.ipv4.ping_group_range"]; got != "0 4" {
		t.Errorf("groups that may ping: %q", got)
	}
	for _, m := range s.Mounts {
		if m.Destination == "/dev/pts" && slices.Contains(m.Options, "gid=5") {
			t.Error("/dev/pts has a group that is not mapped")
		}
		if m.Destination == "/sys" && m.Type != "sysfs" {
			t.Errorf("/sys is %s", m.Type)
		}
	}
	c.NetworkMode = "none"
	h.NetnsPath = ""
	if s, err = Build(c, h); err != nil {
		t.Fatal(err)
	}
	if got, ok := nsPath(s, specs.UserNamespace); got != "" || !ok || len(s.Linux.UIDMappings) != 1 || len(s.Linux.GIDMappings) != 2 {
		t.Errorf("without a network: %q, %v", got, s.Linux.UIDMappings)
	}
	c.NetworkMode, c.Host.PidMode, c.Host.IpcMode = "host", "host", "host"
	if s, err = Build(c, h); err != nil {
		t.Fatal(err)
	}
	for _, m := range s.Mounts {
		if slices.Contains([]string{"/sys", "/proc"}, m.Destination) && m.Type != "bind" {
			t.Errorf("%s is %s: the kernel gives it to the owner of the namespace alone", m.Destination, m.Type)
		}
	}
}

func TestUsernsRefused(t *testing.T) {
	for want, change := range map[string]func(*record.Container){
		"--pid":     func(c *record.Container) { c.Host.PidMode = "container:x" },
		"--ipc":     func(c *record.Container) { c.Host.IpcMode, c.Host.UsernsMode = "container:x", "container:y" },
		"--network": func(c *record.Container) { c.Host.UsernsMode = "container:y" },
	} {
		c, h := testContainer(), testHost()
		mapped(c)
		change(c)
		if _, err := Build(c, h); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestToHost(t *testing.T) {
	maps := []record.IDMap{{Container: 0, Host: 1000, Size: 10}, {Container: 10, Host: 5, Size: 1}}
	for id, want := range map[uint32]uint32{0: 1000, 9: 1009, 10: 5} {
		if got, ok := ToHost(maps, id); got != want || !ok {
			t.Errorf("%d: %d, %v", id, got, ok)
		}
	}
	if _, ok := ToHost(maps, 11); ok {
		t.Error("11 is mapped")
	}
	if got, ok := ToHost(nil, 11); got != 11 || !ok {
		t.Errorf("without a map: %d, %v", got, ok)
	}
}

func TestInit(t *testing.T) {
	c, h := testContainer(), testHost()
	c.Process.Init, h.InitPath = true, "/lib/pouch-init"
	c.Mounts = []record.Mount{{Type: "tmpfs", Destination: "/sbin"}}
	s, err := Build(c, h)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(s.Process.Args, " "); got != "/sbin/docker-init -- "+strings.Join(c.Process.Args(), " ") {
		t.Errorf("process 1: %s", got)
	}
	if last := s.Mounts[len(s.Mounts)-1]; last.Source != h.InitPath || last.Destination != "/sbin/docker-init" || !slices.Contains(last.Options, "ro") {
		t.Errorf("the last mount: %+v", last)
	}
}
