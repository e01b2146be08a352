package spec

import "github.com/opencontainers/runtime-spec/specs-go"

// Host is what Build needs to know of the host and of the container's place on
// it. hostfacts.Read fills what can be read; the paths are the caller's.
type Host struct {
	Rootfs string // root.path of the spec; empty: "rootfs", relative to the bundle

	// NetnsPath is the container's network namespace. Empty: the runtime makes
	// one, and with network mode host none is asked for.
	NetnsPath string

	// Files of the host that are bound over those of the container; empty: the
	// image's own file stays.
	HostsPath, HostnamePath, ResolvPath string

	// InitPath is Pouch's init on the host, for a container that asks for one.
	InitPath string

	Hostname         string   // the host's own, what a container with the host's UTS namespace has
	SystemdHierarchy bool     // of cgroup v1, mounted at /sys/fs/cgroup/systemd
	CgroupV2         bool     // the unified hierarchy, mounted at /sys/fs/cgroup
	SwapLimit        bool     // the kernel can limit swap
	RecursiveRO      bool     // mount_setattr(2): a read-only bind is so with all below
	NofileHard       uint64   // own hard limit of RLIMIT_NOFILE
	Capabilities     []string // that can be given, with CAP_; nil: all that this build knows
	Seccomp          bool     // the kernel has filters
	AppArmor         bool     // it is in use
	SELinux          bool     // likewise
	MaskedPaths      []string // that this host has beyond the usual, as /sys/devices/system/cpu/cpu0/thermal_throttle
	CgroupParent     string   // of the containers' cgroups; empty: /pouch

	Blocks     map[string]DeviceNumber // block devices that limits name, by their path
	Processors []int                   // that a container with lxcfs may run on

	DiskLimits bool // the root or a volume has a limit of disk space

	BFQ bool // the weight of block devices is that of the scheduler bfq

	// Devices is --device resolved, or with privileged all devices of the host.
	Devices []Device

	// BlockVolumes are volumes that are devices: they are mounted as others are,
	// and the cgroup lets them be used.
	BlockVolumes []Device
}

// Device is a device node to make and what the cgroup allows with it.
type Device struct {
	specs.LinuxDevice
	Access string // of r, w and m
}
