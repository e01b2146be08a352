package spec

import "github.com/opencontainers/runtime-spec/specs-go"

// deviceNodes are the nodes to make beyond null, zero, full, random, urandom,
// tty and ptmx, which every runtime makes.
func deviceNodes(h Host) []specs.LinuxDevice {
	out := make([]specs.LinuxDevice, 0, len(h.Devices))
	for _, d := range h.Devices {
		out = append(out, d.LinuxDevice)
	}
	return out
}

// deviceRules deny all but the usual nodes and those given, docker's list; the
// runtime adds what terminals need. A privileged container may use everything.
func deviceRules(privileged bool, given []Device) []specs.LinuxDeviceCgroup {
	if privileged {
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
	return rules
}

func charRule(allow bool, major, minor int64) specs.LinuxDeviceCgroup {
	return specs.LinuxDeviceCgroup{Allow: allow, Type: "c", Major: &major, Minor: &minor, Access: "rwm"}
}
