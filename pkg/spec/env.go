package spec

import (
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// DefaultPath is PATH where neither image nor caller set it, docker's.
const DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Hostname is the name that the container sees; host is the host's own.
func Hostname(c *record.Container, host string) string {
	switch {
	case c.Host.UtsMode == "host":
		return host
	case c.Host.Hostname != "":
		return c.Host.Hostname
	case len(c.ID) > 12:
		return c.ID[:12]
	}
	return c.ID
}

// Env is the environment of process 1 and the base of that of further
// processes: PATH, HOSTNAME, TERM with a terminal, then the record's, which win.
// HOME is left to the runtime, which reads the container's passwd file. host is
// the host's own name.
func Env(c *record.Container, host string) []string {
	env := []string{"PATH=" + DefaultPath, "HOSTNAME=" + Hostname(c, host)}
	if c.Process.TTY {
		env = append(env, "TERM=xterm")
	}
	return MergeEnv(env, c.Process.Env)
}

// MergeEnv returns base with the variables of over set: in place where base has
// them, else at the end. Of one variable in over the last counts; K without "="
// removes it.
func MergeEnv(base, over []string) []string {
	out := make([]string, 0, len(base)+len(over))
	at := make(map[string]int, len(base)+len(over))
	for _, kv := range slices.Concat(base, over) {
		key, _, set := strings.Cut(kv, "=")
		i, known := at[key]
		switch {
		case !set && known:
			out[i] = "" // a hole; no variable is empty
			delete(at, key)
		case !set:
		case known:
			out[i] = kv
		default:
			at[key] = len(out)
			out = append(out, kv)
		}
	}
	return slices.DeleteFunc(out, func(kv string) bool { return kv == "" })
}
