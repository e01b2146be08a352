// Package record is the schema of what Pouch keeps on disk and prints as JSON:
// plain data, no behaviour. Changes add fields; a change of meaning raises
// SchemaVersion.
package record

import "time"

// SchemaVersion is the version that this build writes and the newest it reads.
const SchemaVersion = 1

// Container is containers/<id>/config.json: what was asked, complete, so that
// a start needs nothing else. It does not change after create but by rename,
// update, connect and disconnect.
type Container struct {
	SchemaVersion int       `json:"schemaVersion"`
	ID            string    `json:"id"`
	Name          string    `json:"name"`
	Created       time.Time `json:"created"`
	Image         Image     `json:"image"`
	Process       Process   `json:"process"`
	Host          Host      `json:"host"`
	Networks      []Join    `json:"networks,omitempty"` // empty: NetworkMode alone decides
	NetworkMode   string    `json:"networkMode"`        // bridge, none, host, container:<id>, ns:<path>, or a network's name
	Ports         []Port    `json:"ports,omitempty"`
	Mounts        []Mount   `json:"mounts,omitempty"`
	Policy        Policy    `json:"policy"`
	Labels        Labels    `json:"labels,omitempty"`
	Annotations   Labels    `json:"annotations,omitempty"` // handed to the OCI runtime
	Runtime       string    `json:"runtime,omitempty"`     // path of an OCI runtime; empty: libcontainer in the shim
	Links         []Link    `json:"links,omitempty"`
	Secrets       []Secret  `json:"secrets,omitempty"`
	Health        *Health   `json:"health,omitempty"` // nil: no health check
	Rich          *Rich     `json:"rich,omitempty"`   // nil: an ordinary container
	Given         *Given    `json:"given,omitempty"`  // what of it does not come from the image

	DiskQuotas []DiskQuota `json:"diskQuotas,omitempty"`
	QuotaID    int64       `json:"quotaID,omitempty"`  // as asked: 0: each rule has its own project; -1: one for all; else its number
	Projects   []Project   `json:"projects,omitempty"` // what DiskQuotas come to

	// Snapshot is the key of the container's writable layer in containerd, another
	// than the id once its image was exchanged; empty: the id.
	Snapshot string `json:"snapshot,omitempty"`
}

// Labels of an object.
type Labels = map[string]string

// Image is the image a container was made from.
type Image struct {
	Name         string `json:"name"`         // as asked: busybox:1, or the beginning of an id
	Ref          string `json:"ref"`          // normalized: docker.io/library/busybox:1
	Digest       string `json:"digest"`       // of the platform's manifest
	ConfigDigest string `json:"configDigest"` // docker's image id
	ChainID      string `json:"chainID"`      // of the unpacked layers: the parent snapshot; empty: no layer

	// Rootfs is a folder of the host that is the root instead of an image's; all
	// else is then empty, and there is no snapshot.
	Rootfs string `json:"rootfs,omitempty"`
}

// Process is the container's main process, image and flags merged.
type Process struct {
	Entrypoint  []string `json:"entrypoint,omitempty"`
	Cmd         []string `json:"cmd,omitempty"` // Entrypoint + Cmd is what runs
	Env         []string `json:"env,omitempty"`
	Cwd         string   `json:"cwd"`
	User        string   `json:"user,omitempty"` // docker's grammar; names are looked up in the container's own files at start
	Groups      []string `json:"groups,omitempty"`
	TTY         bool     `json:"tty,omitempty"`
	OpenStdin   bool     `json:"openStdin,omitempty"`
	StopSignal  string   `json:"stopSignal,omitempty"`  // empty: SIGTERM
	StopTimeout *int     `json:"stopTimeout,omitempty"` // seconds; nil: 10; negative: no limit
	Rlimits     []Rlimit `json:"rlimits,omitempty"`
	Init        bool     `json:"init,omitempty"`        // --init: Pouch's init is process 1 and runs the command
	PreserveFDs int      `json:"preserveFDs,omitempty"` // how many of the caller's descriptors from 3 on it gets; by run and start -a alone
	Umask       *uint32  `json:"umask,omitempty"`       // nil: the runtime's, 0022
}

// Args is the command line that runs.
func (p Process) Args() []string {
	return append(append([]string(nil), p.Entrypoint...), p.Cmd...)
}

// Rlimit is one --ulimit: a kernel resource name as in RLIMIT_NOFILE.
type Rlimit struct {
	Type string `json:"type"`
	Soft uint64 `json:"soft"`
	Hard uint64 `json:"hard"`
}

// Host is what the container may and sees of the host.
type Host struct {
	Hostname        string            `json:"hostname"`
	Domainname      string            `json:"domainname,omitempty"`
	ExtraHosts      []string          `json:"extraHosts,omitempty"` // name:ip
	DNS             []string          `json:"dns,omitempty"`
	DNSSearch       []string          `json:"dnsSearch,omitempty"`
	DNSOptions      []string          `json:"dnsOptions,omitempty"`
	Privileged      bool              `json:"privileged,omitempty"`
	CapAdd          []string          `json:"capAdd,omitempty"`
	CapDrop         []string          `json:"capDrop,omitempty"`
	AppArmor        string            `json:"apparmor,omitempty"` // a profile's name, or unconfined; empty: the default where the kernel has AppArmor
	SELinux         []string          `json:"selinux,omitempty"`  // of --security-opt label=
	Seccomp         string            `json:"seccomp,omitempty"`  // empty: docker's default; "unconfined"; else the profile's JSON
	NoNewPrivileges bool              `json:"noNewPrivileges,omitempty"`
	ReadonlyRootfs  bool              `json:"readonlyRootfs,omitempty"`
	Unmasked        bool              `json:"unmasked,omitempty"`    // --security-opt systempaths=unconfined: no masked or read-only path of /proc and /sys
	MaskPaths       []string          `json:"maskPaths,omitempty"`   // hidden beside the usual ones
	UnmaskPaths     []string          `json:"unmaskPaths,omitempty"` // patterns of usual ones that are neither hidden nor read-only; ALL: all
	ShmSize         int64             `json:"shmSize,omitempty"`     // bytes; 0: 64 MiB
	PidMode         string            `json:"pidMode,omitempty"`     // "", private, host, container:<id> or ns:<path>
	IpcMode         string            `json:"ipcMode,omitempty"`     // "", private, shareable, none, host, container:<id> or ns:<path>
	UtsMode         string            `json:"utsMode,omitempty"`
	CgroupnsMode    string            `json:"cgroupnsMode,omitempty"` // "", host or private
	UsernsMode      string            `json:"usernsMode,omitempty"`   // as asked: "", host, auto…, keep-id…, container:<id> or a map
	UIDMap          []IDMap           `json:"uidMap,omitempty"`       // in force; empty: the host's user namespace
	GIDMap          []IDMap           `json:"gidMap,omitempty"`
	Sysctls         map[string]string `json:"sysctls,omitempty"`
	Devices         []Device          `json:"devices,omitempty"`
	CDIDevices      []string          `json:"cdiDevices,omitempty"`          // vendor.com/class=name
	CDISpecDirs     []string          `json:"cdiSpecDirs,omitempty"`         // folders of their files; empty: /etc/cdi and /var/run/cdi
	DeviceRules     []string          `json:"deviceCgroupRules,omitempty"`   // as c 1:3 rwm
	NoNetFiles      bool              `json:"disableNetworkFiles,omitempty"` // the image's own hosts, hostname and resolv.conf stay
	CgroupParent    string            `json:"cgroupParent,omitempty"`        // a path, or with systemd a slice; empty: /pouch
	SystemdCgroup   bool              `json:"systemdCgroup,omitempty"`       // the cgroup is a scope of systemd's
	Resources       Resources         `json:"resources"`
	OOMScoreAdj     *int              `json:"oomScoreAdj,omitempty"`
	Lxcfs           bool              `json:"lxcfs,omitempty"` // /proc tells the container's limits
}

// Resources are the cgroup limits; zero is no limit.
type Resources struct {
	Memory             int64             `json:"memory,omitempty"`            // bytes
	MemorySwap         int64             `json:"memorySwap,omitempty"`        // bytes, memory + swap; -1: unlimited
	MemoryReservation  int64             `json:"memoryReservation,omitempty"` // bytes
	NanoCPUs           int64             `json:"nanoCPUs,omitempty"`          // 1e9 is one cpu
	CPUShares          uint64            `json:"cpuShares,omitempty"`
	CPUQuota           int64             `json:"cpuQuota,omitempty"`  // microseconds
	CPUPeriod          uint64            `json:"cpuPeriod,omitempty"` // microseconds
	CpusetCpus         string            `json:"cpusetCpus,omitempty"`
	CpusetMems         string            `json:"cpusetMems,omitempty"`
	PidsLimit          int64             `json:"pidsLimit,omitempty"`
	OOMKillDisable     bool              `json:"oomKillDisable,omitempty"`
	CPURealtimePeriod  uint64            `json:"cpuRealtimePeriod,omitempty"`  // microseconds; cgroup v1
	CPURealtimeRuntime int64             `json:"cpuRealtimeRuntime,omitempty"` // microseconds; cgroup v1
	KernelMemory       int64             `json:"kernelMemory,omitempty"`       // bytes; where the kernel has the limit
	MemorySwappiness   *int64            `json:"memorySwappiness,omitempty"`   // 0 to 100; cgroup v1
	BlkioWeight        uint16            `json:"blkioWeight,omitempty"`        // 10 to 1000
	BlkioWeightDevice  []DeviceRate      `json:"blkioWeightDevice,omitempty"`
	DeviceReadBps      []DeviceRate      `json:"deviceReadBps,omitempty"`  // bytes a second
	DeviceWriteBps     []DeviceRate      `json:"deviceWriteBps,omitempty"` // bytes a second
	DeviceReadIOps     []DeviceRate      `json:"deviceReadIOps,omitempty"`
	DeviceWriteIOps    []DeviceRate      `json:"deviceWriteIOps,omitempty"`
	RdtClass           string            `json:"rdtClass,omitempty"` // a group of resctrl; empty with RdtL3: one of the container's own
	RdtL3              string            `json:"rdtL3Cbm,omitempty"` // schema line of L3, as L3:0=ff;1=f
	Unified            map[string]string `json:"unified,omitempty"`  // cgroup v2 files as they are: --cgroup-conf
}

// DeviceRate is a limit or weight of one block device.
type DeviceRate struct {
	Path string `json:"path"` // of the device's node on the host
	Rate uint64 `json:"rate"`
}

// IDMap maps a range of ids (user_namespaces(7)).
type IDMap struct {
	Container uint32 `json:"container"`
	Host      uint32 `json:"host"`
	Size      uint32 `json:"size"`
}

// Link is one --link: another container's address under names in /etc/hosts.
type Link struct {
	Container string `json:"container"` // id
	Alias     string `json:"alias"`
}

// Secret is one --secret: something to read that is never part of the image, of
// inspect or of a commit.
type Secret struct {
	Name   string `json:"name"`          // of the stored secret
	Target string `json:"target"`        // a path below /run/secrets, or any other; with Env a variable's name
	Env    bool   `json:"env,omitempty"` // a variable instead of a file
	UID    uint32 `json:"uid,omitempty"`
	GID    uint32 `json:"gid,omitempty"`
	Mode   uint32 `json:"mode,omitempty"` // 0: 0444
	Own    bool   `json:"own,omitempty"`  // it was given with the container and goes with it
}

// Health is a health check, of --health-cmd or the image; durations in
// nanoseconds, as docker's JSON has them.
type Health struct {
	Test          []string      `json:"test"`                // the command; one word is for the shell
	Shell         bool          `json:"shell,omitempty"`     // Test is one word for /bin/sh -c
	Interval      time.Duration `json:"interval"`            // 0: 30 s
	Timeout       time.Duration `json:"timeout"`             // 0: 30 s
	StartPeriod   time.Duration `json:"startPeriod"`         // failures before it has passed do not count
	StartInterval time.Duration `json:"startInterval"`       // during it; 0: 5 s
	Retries       int           `json:"retries"`             // failures in a row that mean unhealthy; 0: 3
	OnFailure     string        `json:"onFailure,omitempty"` // of unhealthy: none (also when empty), kill, restart, stop
}

// Rich is PouchContainer's rich container: a whole system's init inside.
type Rich struct {
	Mode       string `json:"mode"`                 // dumb-init, systemd or sbin-init
	InitScript string `json:"initScript,omitempty"` // a file of the host, run before every start
}

// Device is one --device.
type Device struct {
	HostPath      string `json:"hostPath"`
	ContainerPath string `json:"containerPath"`
	Permissions   string `json:"permissions"` // of r, w, m
}

// Join asks for one network.
type Join struct {
	Network string   `json:"network"`
	Aliases []string `json:"aliases,omitempty"`
	IPv4    string   `json:"ipv4,omitempty"`
	IPv6    string   `json:"ipv6,omitempty"`
	MAC     string   `json:"mac,omitempty"`

	Interface string            `json:"interface,omitempty"` // inside; empty: ethN
	LinkLocal []string          `json:"linkLocal,omitempty"` // further addresses, of the link alone
	Priority  int               `json:"priority,omitempty"`  // of its default route: the greatest wins
	Ingress   Rate              `json:"ingress,omitzero"`    // bounds what goes into the container
	Egress    Rate              `json:"egress,omitzero"`     // bounds what comes out of it
	Options   map[string]string `json:"options,omitempty"`   // of the driver
}

// Port publishes a container's port on the host.
type Port struct {
	HostIP   string `json:"hostIP,omitempty"` // empty: every address, IPv4 and IPv6
	HostPort uint16 `json:"hostPort"`         // 0: the kernel chooses when the container starts

	// HostPortEnd ends the range that HostPort begins, of which the first free
	// port is taken when the container starts; 0: HostPort alone.
	HostPortEnd uint16 `json:"hostPortEnd,omitempty"`

	ContainerPort uint16 `json:"containerPort"`
	Protocol      string `json:"protocol"` // tcp, udp or sctp
}

// Mount is one volume, bind or tmpfs.
type Mount struct {
	Type        string   `json:"type"` // bind, volume, tmpfs
	Name        string   `json:"name,omitempty"`
	Source      string   `json:"source,omitempty"` // host path; a volume's is filled in at create
	Destination string   `json:"destination"`
	ReadOnly    bool     `json:"readOnly,omitempty"`
	Options     []string `json:"options,omitempty"` // the rest of -v's third field, or tmpfs options
	Propagation string   `json:"propagation,omitempty"`
	NoCopy      bool     `json:"noCopy,omitempty"`    // do not fill a new volume from the image
	Anonymous   bool     `json:"anonymous,omitempty"` // goes with the container (rm -v, --rm)

	Subpath string     `json:"subpath,omitempty"` // of a volume: what of it is mounted; relative
	Volume  *NewVolume `json:"volume,omitempty"`  // how a missing volume is made; nil: local, and plain

	// CreateSource lets a bind's missing source be made as a folder, as -v does;
	// without it a missing source is an error, as with --mount.
	CreateSource bool `json:"createSource,omitempty"`
}

// Policy says how the supervisor treats the container.
type Policy struct {
	AutoRemove   bool    `json:"autoRemove,omitempty"`
	Restart      Restart `json:"restart"`
	Log          Log     `json:"log"`
	OnClientExit string  `json:"onClientExit,omitempty"` // kill (default), stop, keep: for a foreground container
	Timeout      int     `json:"timeout,omitempty"`      // seconds that a life may last; 0: no limit
	PidFile      string  `json:"pidFile,omitempty"`      // of the host: process 1's pid is written to it at every start
	Sdnotify     string  `json:"sdnotify,omitempty"`     // engine (also when empty), container, healthy or ignore
}

// Who says READY=1 to the service manager, of Policy.Sdnotify.
const (
	SdnotifyEngine    = "engine"    // Pouch, when the container runs
	SdnotifyContainer = "container" // the container itself
	SdnotifyHealthy   = "healthy"   // its health check
	SdnotifyIgnore    = "ignore"    // nobody
)

// Restart is --restart.
type Restart struct {
	Name string `json:"name,omitempty"` // "", no, always, unless-stopped, on-failure
	Max  int    `json:"max,omitempty"`  // of on-failure; 0: no limit
}

// Log is --log-driver and --log-opt.
type Log struct {
	Driver string            `json:"driver,omitempty"` // json-file, journald, syslog, passthrough or none; empty: json-file when detached, the caller's descriptors otherwise
	Opts   map[string]string `json:"opts,omitempty"`
}
