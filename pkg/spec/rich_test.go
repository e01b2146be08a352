package spec

import (
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func rich(t *testing.T, mode string, change func(*record.Container, *Host)) (*specs.Spec, error) {
	t.Helper()
	c, h := testContainer(), testHost()
	c.Rich = &record.Rich{Mode: mode}
	change(c, &h)
	return Build(c, h)
}

func mountAt(s *specs.Spec, dst string) *specs.Mount {
	for i := range s.Mounts {
		if s.Mounts[i].Destination == dst {
			return &s.Mounts[i]
		}
	}
	return nil
}

func TestRichSystem(t *testing.T) {
	s, err := rich(t, RichSystemd, func(c *record.Container, h *Host) {
		h.CgroupV2 = true
		c.Process.Cmd, c.Process.Entrypoint = nil, nil // systemd is command enough
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, dst := range []string{"/run", "/run/lock", "/tmp"} {
		if m := mountAt(s, dst); m == nil || m.Type != "tmpfs" || slices.Contains(m.Options, "noexec") {
			t.Errorf("%s: %+v", dst, m)
		}
	}
	if m := mountAt(s, "/sys/fs/cgroup"); !slices.Contains(m.Options, "rw") {
		t.Errorf("cgroup v2: %v", m.Options)
	}
	if !slices.Contains(s.Process.Capabilities.Effective, "CAP_SYS_BOOT") {
		t.Error("it cannot go down")
	}
	s, err = rich(t, RichSystemd, func(_ *record.Container, h *Host) { h.CgroupV2, h.SystemdHierarchy = false, true })
	if err != nil {
		t.Fatal(err)
	}
	if m := mountAt(s, "/sys/fs/cgroup"); !slices.Contains(m.Options, "ro") {
		t.Errorf("cgroup v1: %v", m.Options)
	}
	if m := mountAt(s, SystemdHierarchy); m == nil || !strings.HasPrefix(m.Source, SystemdHierarchy+"/") || slices.Contains(m.Options, "ro") {
		t.Errorf("systemd's hierarchy: %+v", m)
	}
}

func TestRichDumbInit(t *testing.T) {
	s, err := rich(t, RichDumbInit, func(c *record.Container, _ *Host) {
		c.Process.Init = true
		c.Rich.InitScript = "/bin/prepare --now x"
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Process.Args; got[1] != "-g" || mountAt(s, "/run") != nil {
		t.Errorf("process 1: %v", got)
	}
	if h := s.Hooks.CreateRuntime; len(h) != 1 || h[0].Path != "/bin/prepare" || len(h[0].Args) != 3 || !slices.Contains(h[0].Env, "rich_mode=true") {
		t.Errorf("hooks: %+v", s.Hooks)
	}
}

func TestRichRefused(t *testing.T) {
	if _, err := rich(t, RichSystemd, func(c *record.Container, _ *Host) { c.Host.PidMode = "host" }); !errs.Is(err, errs.Invalid) {
		t.Errorf("the host's processes: %v", err)
	}
	if _, err := rich(t, RichSystemd, func(_ *record.Container, h *Host) { h.CgroupV2, h.SystemdHierarchy = false, false }); !errs.Is(err, errs.Unsupported) {
		t.Errorf("cgroup v1 without systemd's hierarchy: %v", err)
	}
}
