package container

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestHostResolv(t *testing.T) {
	dir := t.TempDir()
	paths := [2]string{filepath.Join(dir, "resolv.conf"), filepath.Join(dir, "direct")}
	for _, c := range []struct{ own, direct, want string }{
		{"nameserver 10.0.0.1\n", "nameserver 9.9.9.9\n", "nameserver 10.0.0.1\n"},
		{"nameserver 127.0.0.53\nsearch x\n", "nameserver 9.9.9.9\n", "nameserver 9.9.9.9\n"},
		{"nameserver 127.0.0.1\nnameserver 10.0.0.1\n", "nameserver 9.9.9.9\n", "nameserver 127.0.0.1\nnameserver 10.0.0.1\n"},
		{"nameserver 127.0.0.53\n", "", "nameserver 127.0.0.53\n"},
		{"search x\n", "nameserver 9.9.9.9\n", "search x\n"},
	} {
		if err := os.WriteFile(paths[0], []byte(c.own), 0o600); err != nil {
			t.Fatal(err)
		}
		os.Remove(paths[1])
		if c.direct != "" {
			if err := os.WriteFile(paths[1], []byte(c.direct), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := string(hostResolv(paths)); got != c.want {
			t.Errorf("%q: %q, want %q", c.own, got, c.want)
		}
	}
}

func TestCheckNetMode(t *testing.T) {
	joined := func() *record.Container { return &record.Container{ID: "a", NetworkMode: "container:b"} }
	if err := checkNetMode(joined(), &Options{}); err != nil {
		t.Error(err)
	}
	c := joined()
	c.Ports = []record.Port{{ContainerPort: 80}}
	if err := checkNetMode(c, &Options{}); err == nil || err.Error() != "conflicting options: port publishing and the container type network mode" {
		t.Errorf("%v", err)
	}
	if filesOf(c) != "b" || filesOf(&record.Container{ID: "a", NetworkMode: "bridge"}) != "a" {
		t.Error("whose files")
	}
}
