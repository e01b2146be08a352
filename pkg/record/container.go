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
	Seccomp         string            `json:"seccomp,omitempty"` // empty: docker's default; "unconfined"; else the profile's JSON
	NoNewPrivileges bool              `json:"noNewPrivileges,omitempty"`
	ReadonlyRootfs  bool              `json:"readonlyRootfs,omitempty"`
	Unmasked        bool              `json:"unmasked,omitempty"` // --security-opt systempaths=unconfined: no masked or read-only path of /proc and /sys
	ShmSize         int64             `json:"shmSize,omitempty"`  // bytes; 0: 64 MiB
	PidMode         string            `json:"pidMode,omitempty"`  // "" or host
	IpcMode         string            `json:"ipcMode,omitempty"`
	UtsMode         string            `json:"utsMode,omitempty"`
	CgroupnsMode    string            `json:"cgroupnsMode,omitempty"` // "", host or private
	Sysctls         map[string]string `json:"sysctls,omitempty"`
	Devices         []Device          `json:"devices,omitempty"`
	CgroupParent    string            `json:"cgroupParent,omitempty"` // empty: /pouch
	Resources       Resources         `json:"resources"`
	OOMScoreAdj     *int              `json:"oomScoreAdj,omitempty"`
}

// Resources are the cgroup limits; zero is no limit.
type Resources struct {
	Memory            int64  `json:"memory,omitempty"`            // bytes
	MemorySwap        int64  `json:"memorySwap,omitempty"`        // bytes, memory + swap; -1: unlimited
	MemoryReservation int64  `json:"memoryReservation,omitempty"` // bytes
	NanoCPUs          int64  `json:"nanoCPUs,omitempty"`          // 1e9 is one cpu
	CPUShares         uint64 `json:"cpuShares,omitempty"`
	CPUQuota          int64  `json:"cpuQuota,omitempty"`  // microseconds
	CPUPeriod         uint64 `json:"cpuPeriod,omitempty"` // microseconds
	CpusetCpus        string `json:"cpusetCpus,omitempty"`
	CpusetMems        string `json:"cpusetMems,omitempty"`
	PidsLimit         int64  `json:"pidsLimit,omitempty"`
	OOMKillDisable    bool   `json:"oomKillDisable,omitempty"`
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
}

// Restart is --restart.
type Restart struct {
	Name string `json:"name,omitempty"` // "", no, always, unless-stopped, on-failure
	Max  int    `json:"max,omitempty"`  // of on-failure; 0: no limit
}

// Log is --log-driver and --log-opt.
type Log struct {
	Driver string            `json:"driver,omitempty"` // json-file or none; empty: json-file when detached, the caller's descriptors otherwise
	Opts   map[string]string `json:"opts,omitempty"`
}
