package spec

import (
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// deviceNodes are the nodes to make beyond null, zero, full, random, urandom,
// tty and ptmx, which every runtime makes.
func deviceNodes(h Host) []specs.LinuxDevice {
	out := make([]specs.LinuxDevice, 0, len(h.Devices))
	for _, d := range h.Devices {
		out = append(out, d.LinuxDevice)
	}
	return out
}

// deviceRules deny all but the usual nodes, those given and what rules of the
// user's add or take, docker's list; the runtime adds what terminals need. A
// privileged container may use everything.
func deviceRules(c record.Host, given []Device) []specs.LinuxDeviceCgroup {
	if c.Privileged {
		return []specs.LinuxDeviceCgroup{{Allow: true, Access: "rwm"}}
	}
	rules := []specs.LinuxDeviceCgroup{{Allow: false, Access: "rwm"}}
	for _, n := range [][2]int64{{1, 5}, {1, 3}, {1, 9}, {1, 8}, {5, 0}, {5, 1}} { // zero null urandom random tty console
		rules = append(rules, charRule(true, n[0], n[1]))
	}
	rules = append(rules, charRule(false, 10, 229)) // fuse
	for _, d := range given {
		major, minor := d.Major, d.Minor
		rules = append(rules, specs.LinuxDeviceCgroup{Allow: true, Type: d.Type, Major: &major, Minor: &minor, Access: d.Access})
	}
	for _, r := range c.DeviceRules {
		if f := strings.Fields(r); len(f) == 3 { // as parse.DeviceRule lets pass
			major, minor, _ := strings.Cut(f[1], ":")
			rules = append(rules, specs.LinuxDeviceCgroup{Allow: true, Type: f[0], Major: deviceNumber(major), Minor: deviceNumber(minor), Access: f[2]})
		}
	}
	return rules
}

// deviceNumber is nil for *: all.
func deviceNumber(s string) *int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return nil
	}
	return &n
}

func charRule(allow bool, major, minor int64) specs.LinuxDeviceCgroup {
	return specs.LinuxDeviceCgroup{Allow: allow, Type: "c", Major: &major, Minor: &minor, Access: "rwm"}
}
