package container

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/network"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// TestInspect compares with testdata/inspect.json; UPDATE=1 writes it anew.
func TestInspect(t *testing.T) {
	w := newWorld(t)
	score, timeout := 5, 3
	st := w.running(w.self())
	st.Started = time.Date(2026, 1, 1, 0, 2, 0, 0, time.UTC)
	st.Networks = []record.Joined{{Network: "bridge", ID: "abc", Iface: "eth0", MAC: "02:00:00:00:00:01", IPv4: "10.88.0.2/24", Gateway: "10.88.0.1"}}
	st.Ports = []record.Port{{HostIP: "127.0.0.1", HostPort: 8080, ContainerPort: 80, Protocol: "tcp"}}
	w.add("c1", st, func(c *record.Container) {
		c.Process.Env, c.Process.StopTimeout = []string{"A=1"}, &timeout
		c.Process.Rlimits = []record.Rlimit{{Type: "RLIMIT_NOFILE", Soft: 1, Hard: 2}}
		c.Ports = st.Ports
		c.Labels = record.Labels{"k": "v"}
		c.Host = record.Host{
			Hostname: "h", CapAdd: []string{"CAP_NET_ADMIN"}, NoNewPrivileges: true, OOMScoreAdj: &score,
			Devices: []record.Device{{HostPath: "/dev/null", ContainerPath: "/dev/x", Permissions: "r"}}, Resources: record.Resources{Memory: 1 << 26, PidsLimit: 7},
		}
		c.Mounts = []record.Mount{
			{Type: "bind", Source: "/src", Destination: "/a", ReadOnly: true},
			{Type: "volume", Name: "v1", Source: "/v1", Destination: "/b"},
			{Type: "tmpfs", Destination: "/c", Options: []string{"size=1m"}},
		}
		c.Policy = record.Policy{Restart: record.Restart{Name: "on-failure", Max: 3}, Log: record.Log{Driver: "json-file"}}
	})
	info, err := w.Inspect(t.Context(), "c1")
	if err != nil {
		t.Fatal(err)
	}
	if info.State.Pid != os.Getpid() {
		t.Errorf("pid %d", info.State.Pid)
	}
	info.State.Pid = 1 // what differs from run to run
	for _, p := range []*string{&info.ResolvConfPath, &info.HostnamePath, &info.HostsPath, &info.NetworkSettings.SandboxKey} {
		*p = filepath.Base(*p)
	}
	got, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE") != "" {
		os.MkdirAll("testdata", 0o755)
		os.WriteFile("testdata/inspect.json", got, 0o644)
	}
	want, err := os.ReadFile("testdata/inspect.json")
	if err != nil || string(want) != string(got) {
		t.Errorf("%v: not as in testdata/inspect.json:\n%s", err, got)
	}
}

func TestInspectStopped(t *testing.T) {
	w := newWorld(t)
	w.add("c1", record.State{Status: record.Exited, ExitCode: 3}, nil)
	info, err := w.Inspect(t.Context(), "c1")
	if err != nil {
		t.Fatal(err)
	}
	s := info.State
	if s.Status != "exited" || s.Running || s.Pid != 0 || s.ExitCode != 3 || info.NetworkSettings.SandboxKey != "" {
		t.Errorf("%+v", info)
	}
	if _, err := w.Inspect(t.Context(), "nosuch"); !errs.Is(err, errs.NotFound) || err.Error() != "No such object: nosuch" {
		t.Errorf("%v", err)
	}
}

// What the leases still say of a container that has ended is not told.
func TestAttachedRunning(t *testing.T) {
	a := network.Attachment{
		Networks: []record.Joined{{Network: "bridge", IPv4: "10.88.0.2/24"}},
		Ports:    []record.Port{{HostPort: 8080, ContainerPort: 80, Protocol: "tcp"}},
	}
	for status, want := range map[record.Status]int{record.Running: 1, record.Paused: 1, record.Restarting: 1, record.Exited: 0, record.Created: 0} {
		st := &record.State{Status: status}
		attached(st, a)
		if len(st.Networks) != want || len(st.Ports) != want {
			t.Errorf("%s: %+v", status, st)
		}
	}
}
