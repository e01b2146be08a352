package container

import (
	"time"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// Info is a container as inspect prints it: the names are those of docker's
// API (ContainerInspect); ImageDigest and what has no counterpart there is
// Pouch's own.
type Info struct {
	ID              string `json:"Id"`
	Created         record.Stamp
	Path            string
	Args            []string
	State           InfoState
	Image           string // digest of the image's configuration
	ImageDigest     string // of its manifest
	ResolvConfPath  string
	HostnamePath    string
	HostsPath       string
	LogPath         string
	Name            string // with a slash before it
	RestartCount    int
	Driver          string
	Platform        string
	MountLabel      string // empty, as ProcessLabel: SELinux is not used
	ProcessLabel    string
	AppArmorProfile string
	ExecIDs         []string // none: an exec is its client's
	Runtime         string
	GraphDriver     InfoDriver
	HostConfig      InfoHost
	Mounts          []InfoMount
	Config          InfoConfig
	NetworkSettings InfoNetwork
	Quotas          []InfoQuota `json:",omitempty"`
	SizeRw          *int64      `json:",omitempty"` // bytes that it has written to its root; nil: not asked for
	SizeRootFs      *int64      `json:",omitempty"` // with the image below
}

// InfoDriver is GraphDriver: the snapshotter of the root, which is mounted in the
// container's own mount namespace alone and so has no path on the host.
type InfoDriver struct {
	Name string
	Data map[string]string
}

// InfoState is the part State.
type InfoState struct {
	Status     string
	Running    bool
	Paused     bool
	Restarting bool
	OOMKilled  bool
	Dead       bool // never: a removal that was cut short is gone on with
	Pid        int
	ExitCode   int
	Error      string
	StartedAt  record.Stamp
	FinishedAt record.Stamp
	Health     *InfoHealth `json:",omitempty"` // nil: no health check
	LogError   string      `json:",omitempty"` // why the log driver takes nothing at present
	LogDropped uint64      `json:",omitempty"` // log entries that were lost
}

// InfoHealth is what the health check has found: State.Health.
type InfoHealth struct {
	Status        string // starting, healthy or unhealthy
	FailingStreak int
	Log           []InfoProbe
}

// InfoProbe is one run of the health check.
type InfoProbe struct {
	Start    time.Time
	End      time.Time
	ExitCode int
	Output   string
}

// InfoHealthcheck is the health check: Config.Healthcheck.
type InfoHealthcheck struct {
	Test          []string
	Interval      time.Duration `json:",omitempty"`
	Timeout       time.Duration `json:",omitempty"`
	StartPeriod   time.Duration `json:",omitempty"`
	StartInterval time.Duration `json:",omitempty"`
	Retries       int           `json:",omitempty"`
}

// InfoConfig is the part Config: what is independent of the host.
type InfoConfig struct {
	Hostname     string
	Domainname   string
	User         string
	ExposedPorts map[string]struct{} `json:",omitempty"`
	Tty          bool
	OpenStdin    bool
	Env          []string
	Cmd          []string
	Image        string
	WorkingDir   string
	Entrypoint   []string
	Labels       record.Labels
	StopSignal   string `json:",omitempty"`
	StopTimeout  *int   `json:",omitempty"`
	Rich         bool   `json:",omitempty"` // this and the next two are PouchContainer's
	RichMode     string `json:",omitempty"`
	InitScript   string `json:",omitempty"`

	DiskQuota map[string]string `json:",omitempty"` // of rules; this and the next are PouchContainer's
	QuotaID   string            `json:"QuotaId,omitempty"`

	Healthcheck                *InfoHealthcheck `json:",omitempty"`
	HealthcheckOnFailureAction string           `json:",omitempty"` // podman's
}

// InfoHost is the part HostConfig.
type InfoHost struct {
	Binds             []string
	LogConfig         InfoLog
	NetworkMode       string
	PortBindings      map[string][]InfoBinding
	RestartPolicy     InfoRestart
	AutoRemove        bool
	CapAdd            []string
	CapDrop           []string
	CgroupnsMode      string
	DNS               []string `json:"Dns"`
	DNSOptions        []string `json:"DnsOptions"`
	DNSSearch         []string `json:"DnsSearch"`
	ExtraHosts        []string
	GroupAdd          []string
	IpcMode           string
	OomScoreAdj       int
	EnableLxcfs       bool // PouchContainer's
	PidMode           string
	Privileged        bool
	ReadonlyRootfs    bool
	SecurityOpt       []string
	Tmpfs             map[string]string `json:",omitempty"`
	UTSMode           string
	UsernsMode        string
	Links             []string // /other:/this/alias
	Init              bool     `json:",omitempty"`
	ShmSize           int64
	Sysctls           map[string]string `json:",omitempty"`
	Runtime           string
	CPUShares         uint64 `json:"CpuShares"`
	Memory            int64
	NanoCPUs          int64 `json:"NanoCpus"`
	CgroupParent      string
	CPUPeriod         uint64 `json:"CpuPeriod"`
	CPUQuota          int64  `json:"CpuQuota"`
	CpusetCpus        string
	CpusetMems        string
	Devices           []InfoDevice
	MemoryReservation int64
	MemorySwap        int64
	OomKillDisable    bool
	PidsLimit         *int64
	Ulimits           []InfoUlimit
	InfoLimits
}

// InfoLog is HostConfig.LogConfig. Type is what is in force: none for a container
// whose output is its caller's.
type InfoLog struct {
	Type   string
	Config map[string]string
}

// InfoRestart is HostConfig.RestartPolicy.
type InfoRestart struct {
	Name              string
	MaximumRetryCount int
}

// InfoDevice is one of HostConfig.Devices.
type InfoDevice struct {
	PathOnHost        string
	PathInContainer   string
	CgroupPermissions string
}

// InfoUlimit is one of HostConfig.Ulimits.
type InfoUlimit struct {
	Name string
	Hard uint64
	Soft uint64
}

// InfoMount is one of Mounts.
type InfoMount struct {
	Type        string
	Name        string `json:",omitempty"`
	Source      string
	Destination string
	Driver      string `json:",omitempty"`
	Mode        string
	RW          bool
	Propagation string
}

// InfoBinding is where a port is published.
type InfoBinding struct {
	HostIP   string `json:"HostIp"`
	HostPort string
}

// InfoNetwork is the part NetworkSettings. The addresses beside Networks are
// those of the first network.
type InfoNetwork struct {
	SandboxID           string // empty while there is no network namespace
	SandboxKey          string // its path
	Ports               map[string][]InfoBinding
	IPAddress           string
	IPPrefixLen         int
	Gateway             string
	MacAddress          string
	GlobalIPv6Address   string
	GlobalIPv6PrefixLen int
	IPv6Gateway         string
	Networks            map[string]InfoEndpoint
}

// InfoEndpoint is a container's end of a network.
type InfoEndpoint struct {
	NetworkID           string
	MacAddress          string
	IPAddress           string
	IPPrefixLen         int
	Gateway             string
	GlobalIPv6Address   string
	GlobalIPv6PrefixLen int
	IPv6Gateway         string
	Aliases             []string
	DriverOpts          map[string]string
	GwPriority          int
}
