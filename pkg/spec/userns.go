package spec

import (
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// hasUserns reports whether c has another user namespace than the host's.
func hasUserns(c *record.Container) bool { return len(c.Host.UIDMap) > 0 }

// usernsPath is the user namespace that c joins; empty: a new one. The network
// namespace is there before the container, and one that the container's root
// may do something with belongs to the container's user namespace.
func usernsPath(c *record.Container, h Host) string {
	if path := joined(c.Host.UsernsMode); path != "" {
		return path
	}
	if ownNetwork(c) && h.NetnsPath != "" {
		return JoinOwner + h.NetnsPath
	}
	return ""
}

// idMappings are the maps of a user namespace that the runtime makes.
func idMappings(c *record.Container, h Host) (uids, gids []specs.LinuxIDMapping) {
	if !hasUserns(c) || usernsPath(c, h) != "" {
		return nil, nil
	}
	return mappings(c.Host.UIDMap), mappings(c.Host.GIDMap)
}

func mappings(ids []record.IDMap) []specs.LinuxIDMapping {
	out := make([]specs.LinuxIDMapping, 0, len(ids))
	for _, m := range ids {
		out = append(out, specs.LinuxIDMapping{ContainerID: m.Container, HostID: m.Host, Size: m.Size})
	}
	return out
}

// ToHost is the id on the host that a container's id has with these maps, of
// which none means that both are the same; false: it has none.
func ToHost(maps []record.IDMap, id uint32) (uint32, bool) {
	for _, m := range maps {
		if id >= m.Container && id-m.Container < m.Size {
			return m.Host + (id - m.Container), true
		}
	}
	return id, len(maps) == 0
}

// lastGroup is the last of the container's groups in a row from 0: the kernel
// takes no range with a group that is not mapped.
func lastGroup(c *record.Container) uint32 {
	const most = 1<<31 - 1
	if !hasUserns(c) {
		return most
	}
	next := uint32(0)
	for range c.Host.GIDMap {
		for _, m := range c.Host.GIDMap {
			if m.Container == next {
				next += m.Size
			}
		}
	}
	return min(next-1, most)
}

// ownsNetns reports whether the container's network namespace belongs to its
// user namespace.
func ownsNetns(c *record.Container) bool {
	user, net := joined(c.Host.UsernsMode), joined(c.NetworkMode)
	if user != "" {
		return c.NetworkMode == "none" || net == user
	}
	return net == "" && c.NetworkMode != "host"
}

// checkUserns refuses what the kernel would not let the container do.
func checkUserns(c *record.Container) error {
	if !hasUserns(c) {
		return nil
	}
	user := joined(c.Host.UsernsMode)
	for _, m := range [][2]string{{"pid", c.Host.PidMode}, {"ipc", c.Host.IpcMode}} {
		if other := joined(m[1]); other != "" && other != user {
			return errs.New(errs.Invalid, "--%s %s: a user namespace of its own cannot have another one's: join that one's too with --userns %s", m[0], m[1], m[1])
		}
	}
	if user != "" && ownNetwork(c) && c.NetworkMode != "none" {
		return errs.New(errs.Invalid, "--userns %s: the network of its own would belong to another user namespace: add --network %s, none or host", c.Host.UsernsMode, c.Host.UsernsMode)
	}
	return nil
}

// inUserns changes those of the usual mounts that the kernel gives only to who
// owns the namespace that they show: such are bound from the host, but for the
// message queues, which the host need not have mounted; the calls work without.
// A terminal's group must be one that is mapped.
func inUserns(c *record.Container, all []specs.Mount) []specs.Mount {
	if !hasUserns(c) {
		return all
	}
	_, tty := ToHost(c.Host.GIDMap, 5)
	for i, m := range all {
		foreign := m.Destination == "/proc" && c.Host.PidMode == "host" ||
			m.Destination == "/sys" && !ownsNetns(c)
		switch {
		case foreign:
			all[i].Type, all[i].Source = "bind", m.Destination
			all[i].Options = append([]string{"rbind", "rslave"}, m.Options...)
		case m.Destination == "/dev/pts" && !tty:
			all[i].Options = slices.DeleteFunc(m.Options, func(o string) bool { return o == "gid=5" })
		}
	}
	return slices.DeleteFunc(all, func(m specs.Mount) bool { return m.Destination == "/dev/mqueue" && c.Host.IpcMode == "host" })
}
