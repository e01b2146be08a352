package libct

import (
	"strconv"
	"strings"

	"github.com/opencontainers/runc/libcontainer/configs"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

func rlimits(in []specs.POSIXRlimit) ([]configs.Rlimit, error) {
	var out []configs.Rlimit
	for _, r := range in {
		n, ok := resource(r.Type)
		if !ok {
			return nil, errs.New(errs.Invalid, "rlimit %q: no such resource", r.Type)
		}
		if r.Soft > r.Hard {
			return nil, errs.New(errs.Invalid, "rlimit %s: soft limit %d is above hard limit %d", r.Type, r.Soft, r.Hard)
		}
		if err := mayRaise(n, r); err != nil {
			return nil, err
		}
		out = append(out, configs.Rlimit{Type: n, Soft: r.Soft, Hard: r.Hard})
	}
	return out, nil
}

// mayRaise fails for a hard limit above this process' own that the kernel would
// refuse, which says less (setrlimit(2)).
func mayRaise(resource int, r specs.POSIXRlimit) error {
	var own unix.Rlimit
	if unix.Getrlimit(resource, &own) != nil || r.Hard <= own.Max || hasCapability(unix.CAP_SYS_RESOURCE) {
		return nil //nolint:nilerr // the kernel decides
	}
	name := strings.ToLower(strings.TrimPrefix(r.Type, "RLIMIT_"))
	return errs.New(errs.Denied, "ulimit %s: a hard limit of %s is above this host's of %s, and there is no CAP_SYS_RESOURCE to raise it: raise it for who starts Pouch, or ask for less",
		name, limitText(r.Hard), limitText(own.Max))
}

func limitText(n uint64) string {
	if n == unix.RLIM_INFINITY {
		return "unlimited"
	}
	return strconv.FormatUint(n, 10)
}

// hasCapability reports whether this process has one of the first 32
// capabilities in effect (capabilities(7)).
func hasCapability(n uint) bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	return unix.Capget(&header, &data[0]) == nil && data[0].Effective&(1<<n) != 0
}

// resource is the kernel's number of a resource: getrlimit(2).
func resource(name string) (int, bool) {
	n, ok := map[string]int{
		"RLIMIT_CPU": unix.RLIMIT_CPU, "RLIMIT_FSIZE": unix.RLIMIT_FSIZE,
		"RLIMIT_DATA": unix.RLIMIT_DATA, "RLIMIT_STACK": unix.RLIMIT_STACK,
		"RLIMIT_CORE": unix.RLIMIT_CORE, "RLIMIT_RSS": unix.RLIMIT_RSS,
		"RLIMIT_NPROC": unix.RLIMIT_NPROC, "RLIMIT_NOFILE": unix.RLIMIT_NOFILE,
		"RLIMIT_MEMLOCK": unix.RLIMIT_MEMLOCK, "RLIMIT_AS": unix.RLIMIT_AS,
		"RLIMIT_LOCKS": unix.RLIMIT_LOCKS, "RLIMIT_SIGPENDING": unix.RLIMIT_SIGPENDING,
		"RLIMIT_MSGQUEUE": unix.RLIMIT_MSGQUEUE, "RLIMIT_NICE": unix.RLIMIT_NICE,
		"RLIMIT_RTPRIO": unix.RLIMIT_RTPRIO, "RLIMIT_RTTIME": unix.RLIMIT_RTTIME,
	}[name]
	return n, ok
}
