package spec

import "github.com/pouchcontainer/pouch/pkg/record"

// Overrides is what the caller says about the process, over what the image says.
type Overrides struct {
	EntrypointSet bool     // --entrypoint was given, maybe empty: the image's entrypoint and command do not count
	Entrypoint    []string // nil or empty with EntrypointSet: none
	Cmd           []string // empty: the image's, unless EntrypointSet
	Env           []string // K=V; a K without "=" removes what the image sets
	HostEnv       []string // K=V, below what the image sets
	NoImageEnv    bool     // the image's variables do not count
	Cwd           string
	User          string
	Groups        []string
	TTY           bool
	OpenStdin     bool
	Init          bool // Pouch's init is process 1
	NoCmd         bool // there may be no command at all
	StopSignal    string
	StopTimeout   *int // seconds; nil: not said; negative: no limit
	Rlimits       []record.Rlimit
	PreserveFDs   int
	Umask         *uint32
	Labels        record.Labels
}
