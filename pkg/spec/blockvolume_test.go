package spec

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// The cgroup lets a volume that is a device be used, and its place is a mount.
func TestBlockVolume(t *testing.T) {
	c, h := testContainer(), testHost()
	c.Mounts = []record.Mount{{Type: "volume", Name: "v", Source: "/vol/v/_data", Destination: "/dev/xvda", ReadOnly: true}}
	h.BlockVolumes = []Device{{LinuxDevice: specs.LinuxDevice{Path: "/dev/xvda", Type: "b", Major: 7, Minor: 3}, Access: "r"}}
	s, err := Build(c, h)
	if err != nil {
		t.Fatal(err)
	}
	rules := s.Linux.Resources.Devices
	last := rules[len(rules)-1]
	if !last.Allow || last.Type != "b" || *last.Major != 7 || *last.Minor != 3 || last.Access != "r" {
		t.Errorf("rule %+v", last)
	}
	for _, m := range s.Mounts {
		if m.Destination == "/dev/xvda" && m.Source == "/vol/v/_data" {
			return
		}
	}
	t.Errorf("no mount: %v", s.Mounts)
}
