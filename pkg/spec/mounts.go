package spec

import (
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// defaultShm is the size of /dev/shm unless told otherwise: 64 MiB, in bytes.
const defaultShm = 64 << 20

// mounts returns all mounts in the order in which they are made: the usual
// ones, the files of the network, then c's own, parents before children. One of
// c's own takes the place of a usual one. propagation is what the root needs for
// them.
func mounts(c *record.Container, h Host) (all []specs.Mount, propagation string, err error) {
	own := slices.Clone(c.Mounts)
	slices.SortStableFunc(own, func(a, b record.Mount) int { return depth(a.Destination) - depth(b.Destination) })
	taken := make(map[string]bool, len(own))
	for _, m := range own {
		if taken[m.Destination] {
			return nil, "", errs.New(errs.Invalid, "Duplicate mount point: %s", m.Destination)
		}
		taken[m.Destination] = true
	}
	for _, m := range slices.Concat(inUserns(c, usualMounts(c, h)), richMounts(c, h), fileMounts(c, h)) {
		if !taken[m.Destination] && (!taken["/dev"] || !strings.HasPrefix(m.Destination, "/dev/")) {
			all = append(all, m)
		}
	}
	for _, m := range own {
		sm, err := ownMount(c, m, h)
		if err != nil {
			return nil, "", err
		}
		all = append(all, sm)
		propagation = widest(propagation, m.Propagation)
	}
	return append(all, initMount(h)...), propagation, nil
}

func depth(p string) int { return strings.Count(p, "/") }

// widest is the propagation that the root needs so that a mount in it has that
// of a bind: mount_namespaces(7).
func widest(root, bind string) string {
	switch {
	case strings.HasSuffix(bind, "shared"):
		return "shared"
	case strings.HasSuffix(bind, "slave") && root == "":
		return "slave"
	}
	return root
}

// usualMounts are docker's.
func usualMounts(c *record.Container, h Host) []specs.Mount {
	sysMode, cgroupMode := "ro", "ro"
	if c.Host.Privileged && !c.Host.ReadonlyRootfs {
		sysMode = "rw"
	}
	if writableCgroup(c, h) {
		cgroupMode = "rw"
	}
	out := []specs.Mount{
		{Destination: "/proc", Type: "proc", Source: "proc", Options: []string{"nosuid", "noexec", "nodev"}},
		{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "strictatime", "mode=755", "size=65536k"}},
		{Destination: "/dev/pts", Type: "devpts", Source: "devpts", Options: []string{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
		{Destination: "/sys", Type: "sysfs", Source: "sysfs", Options: []string{"nosuid", "noexec", "nodev", sysMode}},
		{Destination: "/sys/fs/cgroup", Type: "cgroup", Source: "cgroup", Options: []string{cgroupMode, "nosuid", "noexec", "nodev"}},
	}
	return append(out, ipcMounts(c.Host)...)
}

// ipcMounts are /dev/mqueue and /dev/shm, which belong to the IPC namespace:
// ipc_namespaces(7).
func ipcMounts(h record.Host) []specs.Mount {
	queues := specs.Mount{Destination: "/dev/mqueue", Type: "mqueue", Source: "mqueue", Options: []string{"nosuid", "noexec", "nodev"}}
	if h.IpcMode == "host" {
		return []specs.Mount{
			queues, // of the namespace, so the host's, which need not have it mounted
			{Destination: "/dev/shm", Type: "bind", Source: "/dev/shm", Options: []string{"rbind", "nosuid", "noexec", "nodev"}},
		}
	}
	out := []specs.Mount{queues}
	if h.IpcMode == "none" || strings.HasPrefix(h.IpcMode, "ns:") {
		return out
	}
	if strings.HasPrefix(h.IpcMode, JoinContainer) {
		return append(out, specs.Mount{
			Destination: "/dev/shm", Type: "bind", Source: h.IpcMode + "/dev/shm", Options: []string{"rbind", "rprivate", "nosuid", "noexec", "nodev"},
		})
	}
	size := h.ShmSize
	if size <= 0 {
		size = defaultShm
	}
	return append(out, specs.Mount{
		Destination: "/dev/shm", Type: "tmpfs", Source: "shm",
		Options: []string{"nosuid", "noexec", "nodev", "mode=1777", "size=" + strconv.FormatInt(size, 10)},
	})
}

// fileMounts bind the files that Pouch keeps for the container.
func fileMounts(c *record.Container, h Host) []specs.Mount {
	var out []specs.Mount
	for _, f := range [][2]string{{h.ResolvPath, "/etc/resolv.conf"}, {h.HostnamePath, "/etc/hostname"}, {h.HostsPath, "/etc/hosts"}} {
		if f[0] == "" {
			continue
		}
		options := []string{"rbind", "rprivate"}
		if c.Host.ReadonlyRootfs {
			options = append(options, "ro")
		}
		out = append(out, specs.Mount{Destination: f[1], Type: "bind", Source: f[0], Options: options})
	}
	return out
}
