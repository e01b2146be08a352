package main

import (
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestPsRow(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 5, 0, 0, time.UTC)
	id := "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	s := container.Summary{
		Container: &record.Container{
			ID: id, Name: "c1", Created: now.Add(-5 * time.Minute), Image: record.Image{Name: "bb:1", Ref: "docker.io/library/bb:1"},
			Process: record.Process{Entrypoint: []string{"sh", "-c"}, Cmd: []string{`echo "a"; sleep 1000`}},
			Labels:  record.Labels{"b": "2", "a": "1"}, NetworkMode: "bridge",
			Mounts: []record.Mount{{Type: "bind", Source: "/a/long/path/of/the/host"}, {Type: "volume", Name: "v1"}, {Type: "tmpfs"}},
		},
		State: &record.State{Status: record.Running, Started: now.Add(-time.Minute), Ports: []record.Port{
			{HostPort: 8080, ContainerPort: 80, Protocol: "tcp"}, {HostIP: "::1", HostPort: 53, ContainerPort: 53, Protocol: "udp"},
		}},
	}
	got := newPsRow(s, now, true)
	for what, pair := range map[string][2]string{
		"ID":       {got.ID, "0123456789ab"},
		"Command":  {got.Command, `"sh -c 'echo \"a\"; sl…"`},
		"Image":    {got.Image, "bb:1"},
		"Labels":   {got.Labels, "a=1,b=2"},
		"Label":    {got.Label("b"), "2"},
		"Mounts":   {got.Mounts, "/a/long/path/o…,v1"},
		"Volumes":  {got.LocalVolumes, "1"},
		"Networks": {got.Networks, "bridge"},
		"Ports":    {got.Ports, "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, [::1]:53->53/udp"},
		"Running":  {got.RunningFor, "5 minutes ago"},
		"Status":   {got.Status, "Up About a minute"},
		"State":    {got.State, "running"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %q, want %q", what, pair[0], pair[1])
		}
	}
	full := newPsRow(s, now, false)
	if full.ID != id || full.Command != `"sh -c 'echo \"a\"; sleep 1000'"` || full.Mounts != "/a/long/path/of/the/host,v1" {
		t.Errorf("in full: %+v", full)
	}
}
