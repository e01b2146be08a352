package spec

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

var update = flag.Bool("update", false, "write the golden files anew")

const testID = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func testContainer() *record.Container {
	return &record.Container{ID: testID, NetworkMode: "bridge", Process: record.Process{Cmd: []string{"sh"}, Cwd: "/"}}
}

func testHost() Host {
	return Host{
		NetnsPath: "/run/pouch/netns/x", HostsPath: "/c/hosts", HostnamePath: "/c/hostname", ResolvPath: "/c/resolv.conf",
		Hostname: "thehost", SwapLimit: true, RecursiveRO: true, NofileHard: 1048576, Seccomp: true,
	}
}

func goldenCases() map[string]func(*record.Container, *Host) {
	return map[string]func(*record.Container, *Host){
		"default": func(*record.Container, *Host) {},
		"v2":      func(_ *record.Container, h *Host) { h.CgroupV2 = true },
		"privileged": func(c *record.Container, h *Host) {
			c.Host.Privileged = true
			h.CgroupV2 = true
			h.Devices = []Device{{LinuxDevice: specs.LinuxDevice{Path: "/dev/fuse", Type: "c", Major: 10, Minor: 229}, Access: "rwm"}}
		},
		"readonly": func(c *record.Container, _ *Host) {
			c.Host.ReadonlyRootfs = true
			c.Host.NoNewPrivileges = true
			c.Mounts = []record.Mount{{Type: "tmpfs", Destination: "/run", Options: []string{"size=1m", "exec"}}}
		},
		"hostmodes": func(c *record.Container, h *Host) {
			c.NetworkMode, c.Host.PidMode, c.Host.IpcMode, c.Host.UtsMode = "host", "host", "host", "host"
			h.NetnsPath = ""
		},
		"everything": everything,
	}
}

func everything(c *record.Container, h *Host) {
	score, fm := -500, os.FileMode(0o660)
	c.Process = record.Process{
		Entrypoint: []string{"/bin/init"}, Cmd: []string{"a", "b"}, Env: []string{"PATH=/x", "A=1"}, Cwd: "/w", TTY: true,
		Rlimits: []record.Rlimit{{Type: "RLIMIT_NPROC", Soft: 5, Hard: 6}, {Type: "RLIMIT_NOFILE", Soft: 10, Hard: 20}},
	}
	c.Annotations = record.Labels{"k": "v"}
	c.Host = record.Host{
		Hostname: "web", Domainname: "example.org", CapAdd: []string{"CAP_NET_ADMIN"}, CapDrop: []string{"CAP_MKNOD"},
		Seccomp: "unconfined", Unmasked: true, ShmSize: 1 << 20, CgroupnsMode: "private", CgroupParent: "/my.slice",
		Sysctls: map[string]string{"net.core.somaxconn": "100", "net.ipv4.ping_group_range": "1 0"}, OOMScoreAdj: &score,
		Resources: record.Resources{
			Memory: 64 << 20, MemoryReservation: 32 << 20, NanoCPUs: 15e8, CPUShares: 512, CpusetCpus: "0-1", CpusetMems: "0", PidsLimit: 50, OOMKillDisable: true,
		},
	}
	h.Devices = []Device{{LinuxDevice: specs.LinuxDevice{Path: "/dev/x", Type: "b", Major: 8, Minor: 1, FileMode: &fm}, Access: "r"}}
	c.Mounts = []record.Mount{
		{Type: "bind", Source: "/src/deep", Destination: "/a/b/c", ReadOnly: true},
		{Type: "volume", Name: "v", Source: "/vol/v/_data", Destination: "/a"},
		{Type: "bind", Source: "/s", Destination: "/s", Propagation: "rshared", Options: []string{"bind-nonrecursive"}, ReadOnly: true},
		{Type: "tmpfs", Destination: "/dev/shm", ReadOnly: true},
		{Type: "bind", Source: "/h", Destination: "/etc/hosts"},
	}
}

// TestGolden compares with testdata/*.json; the filter is left out there and
// has tests of its own. `go test ./pkg/spec -update` writes them anew.
func TestGolden(t *testing.T) {
	for name, change := range goldenCases() {
		t.Run(name, func(t *testing.T) {
			c, h := testContainer(), testHost()
			change(c, &h)
			s, err := Build(c, h)
			if err != nil {
				t.Fatal(err)
			}
			if wantFilter := name != "privileged" && name != "everything"; (s.Linux.Seccomp != nil) != wantFilter {
				t.Errorf("seccomp filter: %v, want %v", s.Linux.Seccomp != nil, wantFilter)
			}
			s.Linux.Seccomp = nil
			got, err := json.MarshalIndent(s, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(append(got, '\n'), want) {
				t.Errorf("differs from %s; got:\n%s", file, got)
			}
		})
	}
}

// TestPure builds twice and with the record shared: nothing is remembered and
// the record is not changed.
func TestPure(t *testing.T) {
	c, h := testContainer(), testHost()
	everything(c, &h)
	before, _ := json.Marshal(c)
	a, err := Build(c, h)
	if err != nil {
		t.Fatal(err)
	}
	SetUser(a.Process, 1000, 1000, []uint32{5})
	b, err := Build(c, h)
	if err != nil {
		t.Fatal(err)
	}
	if after, _ := json.Marshal(c); !bytes.Equal(before, after) {
		t.Error("Build changed the record")
	}
	if b.Process.User.UID != 0 || len(b.Process.Capabilities.Effective) == 0 {
		t.Error("one spec shares memory with another")
	}
}

func TestRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		kind   errs.Kind
		change func(*record.Container, *Host)
	}{
		"no command":    {errs.Invalid, func(c *record.Container, _ *Host) { c.Process.Cmd = nil }},
		"empty command": {errs.Invalid, func(c *record.Container, _ *Host) { c.Process.Cmd = []string{""} }},
		"pid mode":      {errs.Invalid, func(c *record.Container, _ *Host) { c.Host.PidMode = "shareable" }},
		"ipc mode":      {errs.Invalid, func(c *record.Container, _ *Host) { c.Host.IpcMode = "mine" }},
		"cgroupns":      {errs.Invalid, func(c *record.Container, _ *Host) { c.Host.CgroupnsMode = "x" }},
		"capability":    {errs.Invalid, func(c *record.Container, _ *Host) { c.Host.CapAdd = []string{"CAP_FOO"} }},
		"lost capability": {errs.Unsupported, func(c *record.Container, h *Host) {
			c.Host.CapAdd = []string{"CAP_BPF"}
			h.Capabilities = []string{"CAP_KILL"}
		}},
		"net sysctl": {errs.Invalid, func(c *record.Container, _ *Host) {
			c.NetworkMode = "host"
			c.Host.Sysctls = map[string]string{"net.a": "1"}
		}},
		"ipc sysctl": {errs.Invalid, func(c *record.Container, _ *Host) {
			c.Host.IpcMode = "host"
			c.Host.Sysctls = map[string]string{"kernel.sem": "1"}
		}},
		"two mounts": {errs.Invalid, func(c *record.Container, _ *Host) {
			c.Mounts = []record.Mount{{Type: "tmpfs", Destination: "/a"}, {Type: "tmpfs", Destination: "/a"}}
		}},
		"volume without source": {errs.Internal, func(c *record.Container, _ *Host) { c.Mounts = []record.Mount{{Type: "volume", Destination: "/a"}} }},
		"profile":               {errs.Invalid, func(c *record.Container, _ *Host) { c.Host.Seccomp = "{" }},
		"profile, no filters":   {errs.Unsupported, func(c *record.Container, h *Host) { c.Host.Seccomp = "{}"; h.Seccomp = false }},
		"recursive read-only": {errs.Unsupported, func(c *record.Container, h *Host) {
			h.RecursiveRO = false
			c.Mounts = []record.Mount{{Type: "bind", Source: "/a", Destination: "/a", ReadOnly: true, Options: []string{"ro-recursive"}}}
		}},
	} {
		c, h := testContainer(), testHost()
		tc.change(c, &h)
		if _, err := Build(c, h); !errs.Is(err, tc.kind) {
			t.Errorf("%s: %v, want kind %s", name, err, tc.kind)
		} else if strings.ContainsRune(err.Error(), '\n') {
			t.Errorf("%s: more than one line: %v", name, err)
		}
	}
}

func TestUserMountOverDev(t *testing.T) {
	c, h := testContainer(), testHost()
	c.Mounts = []record.Mount{{Type: "bind", Source: "/dev", Destination: "/dev"}}
	s, err := Build(c, h)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range s.Mounts {
		if strings.HasPrefix(m.Destination, "/dev/") {
			t.Errorf("%s would be made on the host's /dev", m.Destination)
		}
	}
}

func TestCapabilities(t *testing.T) {
	all := KnownCapabilities()
	if len(all) < 41 || all[0] != "CAP_CHOWN" || all[40] != "CAP_CHECKPOINT_RESTORE" {
		t.Fatalf("known: %v", all)
	}
	for _, tc := range []struct {
		h    record.Host
		want int
		has  string
	}{
		{record.Host{}, 14, "CAP_NET_RAW"},
		{record.Host{CapDrop: []string{"ALL"}}, 0, ""},
		{record.Host{CapDrop: []string{"ALL"}, CapAdd: []string{"CAP_KILL"}}, 1, "CAP_KILL"},
		{record.Host{CapAdd: []string{"ALL"}}, len(all), "CAP_SYS_ADMIN"},
		{record.Host{CapAdd: []string{"ALL"}, CapDrop: []string{"CAP_SYS_ADMIN"}}, len(all) - 1, "CAP_BPF"},
		{record.Host{CapAdd: []string{"CAP_SYS_ADMIN"}, CapDrop: []string{"CAP_SYS_ADMIN"}}, 15, "CAP_SYS_ADMIN"},
		{record.Host{Privileged: true, CapDrop: []string{"ALL"}}, len(all), "CAP_SYS_ADMIN"},
	} {
		got, err := Capabilities(tc.h, nil)
		if err != nil || len(got) != tc.want || tc.has != "" && !slices.Contains(got, tc.has) {
			t.Errorf("%+v: %v, %v", tc.h, got, err)
		}
	}
}

// CVE-2022-24769: a non-empty inheritable set gave rights to programs with file
// capabilities.
func TestUserCapabilitiesCVE202224769(t *testing.T) {
	s, err := Build(testContainer(), testHost())
	if err != nil {
		t.Fatal(err)
	}
	for uid, want := range map[uint32]int{0: 14, 1000: 0} {
		SetUser(s.Process, uid, 7, nil)
		c := s.Process.Capabilities
		if len(c.Effective) != want || len(c.Permitted) != want || len(c.Bounding) != 14 || len(c.Inheritable)+len(c.Ambient) != 0 {
			t.Errorf("uid %d: %+v", uid, c)
		}
	}
}

// CVE-2026-31431: AF_ALG reaches the kernel's cryptography, AF_VSOCK the
// hypervisor; the filter lets neither through socket(2).
func TestSeccompFamiliesCVE202631431(t *testing.T) {
	s, err := Build(testContainer(), testHost())
	if err != nil {
		t.Fatal(err)
	}
	f := s.Linux.Seccomp
	if f.DefaultAction != specs.ActErrno {
		t.Fatalf("default action %s", f.DefaultAction)
	}
	for family, want := range map[uint64]bool{unix.AF_UNIX: true, unix.AF_INET: true, unix.AF_INET6: true, unix.AF_NETLINK: true, unix.AF_PACKET: true, unix.AF_ALG: false, unix.AF_VSOCK: false} {
		if got := allows(f, "socket", family); got != want {
			t.Errorf("socket(%d): allowed %v, want %v", family, got, want)
		}
	}
	for _, name := range []string{"keyctl", "add_key", "bpf", "mount", "io_uring_setup", "userfaultfd", "kexec_load"} {
		if allows(f, name, 0) {
			t.Errorf("%s is allowed", name)
		}
	}
}

// allows runs a filter's rules over one system call and its first argument.
func allows(f *specs.LinuxSeccomp, name string, arg0 uint64) bool {
	for _, r := range f.Syscalls {
		if !slices.Contains(r.Names, name) || r.Action != specs.ActAllow {
			continue
		}
		match := true
		for _, a := range r.Args {
			if a.Index != 0 {
				continue
			}
			switch a.Op {
			case specs.OpEqualTo:
				match = match && arg0 == a.Value
			case specs.OpNotEqual:
				match = match && arg0 != a.Value
			case specs.OpLessThan:
				match = match && arg0 < a.Value
			case specs.OpGreaterThan:
				match = match && arg0 > a.Value
			}
		}
		if match {
			return true
		}
	}
	return false
}

func TestSeccompFollowsCapabilities(t *testing.T) {
	c, h := testContainer(), testHost()
	c.Host.CapAdd = []string{"CAP_SYS_ADMIN"}
	s, err := Build(c, h)
	if err != nil {
		t.Fatal(err)
	}
	if !allows(s.Linux.Seccomp, "mount", 0) {
		t.Error("mount is not allowed with CAP_SYS_ADMIN")
	}
	c.Host.Seccomp = `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ERRNO"}]}`
	if s, err = Build(c, h); err != nil || len(s.Linux.Seccomp.Syscalls) != 1 {
		t.Errorf("own profile: %v", err)
	}
}

func TestMemorySwap(t *testing.T) {
	for _, tc := range []struct {
		r    record.Resources
		can  bool
		want int64 // 0: not set
	}{
		{record.Resources{Memory: 100}, true, 200},
		{record.Resources{Memory: 100, MemorySwap: -1}, true, -1},
		{record.Resources{Memory: 100, MemorySwap: 150}, true, 150},
		{record.Resources{Memory: 100}, false, 0},
	} {
		m := memory(tc.r, Host{SwapLimit: tc.can})
		var got int64
		if m.Swap != nil {
			got = *m.Swap
		}
		if got != tc.want || *m.Limit != 100 {
			t.Errorf("%+v: %d, want %d", tc.r, got, tc.want)
		}
	}
	if memory(record.Resources{}, Host{}) != nil || cpu(record.Resources{}, Host{}) != nil {
		t.Error("limits where none is asked for")
	}
	if c := cpu(record.Resources{NanoCPUs: 1e7}, Host{}); *c.Quota != 1000 || *c.Period != 100000 {
		t.Errorf("0.01 cpus: %d of %d", *c.Quota, *c.Period)
	}
}

func TestNofileNeverFails(t *testing.T) {
	for own, want := range map[uint64][2]uint64{0: {1024, 524288}, 20000: {1024, 20000}, 512: {512, 512}, 1 << 20: {1024, 524288}} {
		got := rlimits(nil, own)
		if len(got) != 1 || got[0].Soft != want[0] || got[0].Hard != want[1] {
			t.Errorf("own hard limit %d: %+v", own, got)
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	c, h := testContainer(), testHost()
	for b.Loop() {
		s, err := Build(c, h)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := json.Marshal(s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBuildUnconfined(b *testing.B) {
	c, h := testContainer(), testHost()
	c.Host.Seccomp = "unconfined"
	for b.Loop() {
		if _, err := Build(c, h); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBuildNoJSON(b *testing.B) {
	c, h := testContainer(), testHost()
	for b.Loop() {
		if _, err := Build(c, h); err != nil {
			b.Fatal(err)
		}
	}
}
