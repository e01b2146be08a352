package spec_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
	"github.com/pouchcontainer/pouch/pkg/spec/hostfacts"
)

// findRunc prefers the one of this build.
func findRunc(t *testing.T) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	if abs, err := filepath.Abs("../../bin/runc"); err == nil {
		if _, err := os.Stat(abs); err == nil {
			return abs
		}
	}
	p, err := exec.LookPath("runc")
	if err != nil {
		t.Skip("needs runc")
	}
	return p
}

// root makes a root filesystem of busybox.
func root(t *testing.T, bundle string) string {
	t.Helper()
	box, err := exec.LookPath("busybox")
	if err != nil {
		t.Skip("needs busybox-static")
	}
	data, err := os.ReadFile(box)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(bundle, "rootfs")
	for _, d := range []string{"bin", "etc", "proc", "dev", "sys", "data", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "bin/busybox"), data, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"sh", "cat", "grep", "ls", "hostname", "env", "touch", "echo", "stat", "head", "mount", "mkdir"} {
		if err := os.Symlink("busybox", filepath.Join(dir, "bin", n)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// run runs c for real and returns what it printed.
func run(t *testing.T, c *record.Container, change func(*spec.Host)) string {
	t.Helper()
	runc, bundle := findRunc(t), t.TempDir()
	root(t, bundle)
	c.ID = fmt.Sprintf("spectest%07d", os.Getpid())
	h, err := hostfacts.Read(c)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&h)
	}
	s, err := spec.Build(c, h)
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := exec.Command(runc, "--version").Output(); bytes.Contains(v, []byte("version 1.1.")) {
		s.Version = "1.0.2" // what that one knows
	}
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bundle, "config.json"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(bundle, "state")
	cmd := exec.Command(runc, "--root", state, "run", "--bundle", bundle, c.ID)
	t.Cleanup(func() { _ = exec.Command(runc, "--root", state, "delete", "--force", c.ID).Run() })
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("runc: %v: %s\n%s", err, out, stderr.String())
	}
	return string(out)
}

func shell(script string) *record.Container {
	return &record.Container{NetworkMode: "none", Process: record.Process{Cmd: []string{"sh", "-c", script}, Cwd: "/"}}
}

func wants(t *testing.T, out string, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if !strings.Contains("\n"+out, "\n"+l+"\n") {
			t.Errorf("no line %q in:\n%s", l, out)
		}
	}
}

// wc is not there: busybox' grep counts.
const look = `grep -E '^(CapEff|CapBnd|CapInh|NoNewPrivs|Seccomp):' /proc/self/status
echo nofile $(ulimit -Sn)
echo hostname $(hostname) $HOSTNAME
echo oom $(cat /proc/self/oom_score_adj)
echo port $(cat /proc/sys/net/ipv4/ip_unprivileged_port_start) ping $(cat /proc/sys/net/ipv4/ping_group_range)
echo procsys $( (echo x > /proc/sys/kernel/hostname) 2>/dev/null && echo written || echo refused)
echo sys $(touch /sys/x 2>&1 | grep -c 'Read-only')
echo kcore $(head -c 1 /proc/kcore 2>/dev/null | grep -c .)
echo keys $(cat /proc/keys | head -c 1 | grep -c .)
echo powercap $(ls /sys/devices/virtual/powercap 2>/dev/null | grep -c .)
echo shm $(grep -c ' /dev/shm tmpfs rw,nosuid,nodev,noexec,relatime,size=65536k' /proc/mounts)
`

func TestRuncDefault(t *testing.T) {
	c := shell(look)
	out := run(t, c, nil)
	wants(t, out, "CapInh:\t0000000000000000", "CapEff:\t00000000a80425fb", "CapBnd:\t00000000a80425fb", "NoNewPrivs:\t0", "Seccomp:\t2",
		"nofile 1024", "hostname "+c.ID[:12]+" "+c.ID[:12], "oom 0", "port 0 ping 0 2147483647", "procsys refused", "sys 1", "kcore 0", "keys 0", "powercap 0", "shm 1")
}

func TestRuncTightened(t *testing.T) {
	c := shell(`grep -E '^(CapEff|NoNewPrivs):' /proc/self/status
touch /x 2>/dev/null || echo readonly
touch /run2/y && echo tmpfs
touch /bind/y 2>/dev/null || echo bindro
echo $A`)
	src := t.TempDir()
	c.Host = record.Host{ReadonlyRootfs: true, NoNewPrivileges: true, CapDrop: []string{"ALL"}, CapAdd: []string{"CAP_KILL"}, Hostname: "web"}
	c.Host.Resources = record.Resources{Memory: 32 << 20, NanoCPUs: 5e8, PidsLimit: 20}
	c.Process.Env = []string{"A=b c"}
	c.Mounts = []record.Mount{{Type: "tmpfs", Destination: "/tmp"}, {Type: "bind", Source: src, Destination: "/data", ReadOnly: true}}
	c.Process.Cmd[2] = strings.NewReplacer("/run2/y", "/tmp/y", "/bind/y", "/data/y").Replace(c.Process.Cmd[2])
	wants(t, run(t, c, nil), "CapEff:\t0000000000000020", "NoNewPrivs:\t1", "readonly", "tmpfs", "bindro", "b c")
}

func TestRuncPrivileged(t *testing.T) {
	c := shell(`grep -E '^(Seccomp):' /proc/self/status
mkdir /data/m && mount -t tmpfs x /data/m && echo mounted
[ -c /dev/kmsg ] && echo kmsg
(echo x > /proc/sys/kernel/hostname) && echo procsys
grep -c ' /sys sysfs rw' /proc/mounts`)
	c.Host.Privileged = true
	wants(t, run(t, c, nil), "Seccomp:\t0", "mounted", "kmsg", "procsys", "1")
}

// TestRuncMounts compares the mount points with a golden list.
func TestRuncMounts(t *testing.T) {
	c := shell(`while read -r src dst type rest; do echo "$dst $type"; done < /proc/mounts`)
	file := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(file, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	out := run(t, c, func(h *spec.Host) { h.HostsPath = file })
	for _, want := range []string{"/proc proc", "/dev tmpfs", "/dev/pts devpts", "/sys sysfs", "/dev/mqueue mqueue", "/dev/shm tmpfs", "/proc/bus proc", "/proc/sys proc", "/proc/keys tmpfs", "/sys/firmware tmpfs"} {
		wants(t, out, want)
	}
	if !strings.Contains(out, "/etc/hosts ") || !strings.Contains(out, "/sys/fs/cgroup") {
		t.Errorf("hosts file or cgroups are missing:\n%s", out)
	}
}

// TestRuncSocketsCVE202631431 asks the kernel itself for AF_ALG and AF_VSOCK.
func TestRuncSocketsCVE202631431(t *testing.T) {
	findRunc(t)
	bin := filepath.Join(t.TempDir(), "sockets")
	build := exec.Command("go", "build", "-o", bin, "./testdata/sockets")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c := shell("")
	c.Process.Cmd = []string{"/data/sockets"}
	c.Mounts = []record.Mount{{Type: "bind", Source: filepath.Dir(bin), Destination: "/data"}}
	wants(t, run(t, c, nil), "inet: ok", "unix: ok", "alg: operation not permitted", "vsock: operation not permitted")
}
