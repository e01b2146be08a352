package record

import "time"

// Status of a container, docker's words.
type Status string

// The statuses.
const (
	Creating   Status = "creating" // an intent: Owner makes it; a dead owner means a leftover
	Created    Status = "created"
	Running    Status = "running"
	Paused     Status = "paused"
	Restarting Status = "restarting"
	Exited     Status = "exited"
	Removing   Status = "removing" // an intent: Destroy was begun
)

// State is containers/<id>/state.json: what is. The kernel has the last word:
// a running state whose Pid is not the process that started at PidStart is
// exited.
type State struct {
	SchemaVersion int          `json:"schemaVersion"`
	Status        Status       `json:"status"`
	Owner         Proc         `json:"owner,omitzero"`   // who makes, supervises or removes it
	Init          Proc         `json:"init,omitzero"`    // the container's process 1
	BootID        string       `json:"bootID,omitempty"` // of the boot in which Owner and Init ran
	Started       time.Time    `json:"started,omitzero"`
	Finished      time.Time    `json:"finished,omitzero"`
	ExitCode      int          `json:"exitCode"`
	OOMKilled     bool         `json:"oomKilled,omitempty"`
	Error         string       `json:"error,omitempty"`
	Cause         string       `json:"cause,omitempty"` // of Error, as errs.CauseOf has it: why tells it
	Restarts      int          `json:"restarts,omitempty"`
	StoppedByUser bool         `json:"stoppedByUser,omitempty"` // unless-stopped and always stay down
	CgroupParent  string       `json:"cgroupParent,omitempty"`  // of this run, when it is below a service manager's unit
	LogPath       string       `json:"logPath,omitempty"`
	LogError      string       `json:"logError,omitempty"`   // why the log driver takes nothing; empty: it does
	LogDropped    uint64       `json:"logDropped,omitempty"` // log entries that were lost in this run
	Networks      []Joined     `json:"networks,omitempty"`
	Ports         []Port       `json:"ports,omitempty"`  // with the host ports in force
	Health        *HealthState `json:"health,omitempty"` // nil: no health check

	// EndedBy is who asked for the last life's end, one of the By words; empty:
	// nobody did. EndSignal is the signal by which that was asked.
	EndedBy   string `json:"endedBy,omitempty"`
	EndSignal int    `json:"endSignal,omitempty"`
}

// Who may ask for the end of a container.
const (
	ByStop    = "stop"    // pouch-run stop, restart, and what else stops
	ByKill    = "kill"    // pouch-run kill, rm -f: it was sent a signal
	ByClient  = "client"  // a foreground container's command ended, or passed a signal on
	ByTimeout = "timeout" // --timeout
	ByHealth  = "health"  // --health-on-failure

	ByCheckpoint = "checkpoint" // its checkpoint was written

	ByShutdown = "shutdown" // the host went down, or lost its power: restore starts it again
)

// Proc is a process for good: a pid may be another process later, a pid with
// its start time not.
type Proc struct {
	Pid   int    `json:"pid"`
	Start uint64 `json:"start"` // clock ticks since boot, field 22 of proc_pid_stat(5)
}

// Joined is an attachment to a network.
type Joined struct {
	Network  string   `json:"network"`
	ID       string   `json:"id,omitempty"` // of the network
	Iface    string   `json:"interface"`    // inside: eth0
	HostLink string   `json:"hostLink,omitempty"`
	MAC      string   `json:"mac"`
	IPv4     string   `json:"ipv4,omitempty"` // address/prefix
	IPv6     string   `json:"ipv6,omitempty"`
	Gateway  string   `json:"gateway,omitempty"`
	Gateway6 string   `json:"gateway6,omitempty"`
	Aliases  []string `json:"aliases,omitempty"`
	DNS      *DNS     `json:"dns,omitempty"` // what the network says of name service
}

// DNS is what a network says of name service, in the words of resolv.conf(5).
type DNS struct {
	Nameservers []string `json:"nameservers,omitempty"`
	Search      []string `json:"search,omitempty"`
	Options     []string `json:"options,omitempty"`
	Keep        bool     `json:"keep,omitempty"` // the host's own servers stay behind these
}

// HealthState is what the health check has found, docker's words.
type HealthState struct {
	Status string        `json:"status"`        // starting, healthy or unhealthy
	Streak int           `json:"failingStreak"` // failures in a row
	Log    []HealthProbe `json:"log,omitempty"` // the last five, the oldest first
}

// HealthProbe is one run of the check.
type HealthProbe struct {
	Start    time.Time `json:"start"`
	End      time.Time `json:"end"`
	ExitCode int       `json:"exitCode"` // -1: it did not end in time
	Output   string    `json:"output"`   // at most 4 KiB
}
