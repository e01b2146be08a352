package spec

import (
	"slices"
	"strconv"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// notifyDir is where a container finds the socket of sd_notify(3), as other
// engines have it.
const notifyDir = "/run/notify"

// Notify gives the container of s the folder dir of the host, in which
// notify.sock takes its words to the service manager, and says how often that
// wants to hear WATCHDOG=1; 0: never.
func Notify(s *specs.Spec, dir string, watchdog time.Duration) {
	s.Mounts = append(slices.Clip(s.Mounts), specs.Mount{
		Destination: notifyDir, Type: "bind", Source: dir, Options: []string{"rbind", "ro", "nosuid", "nodev", "noexec"},
	})
	s.Process.Env = append(slices.Clip(s.Process.Env), "NOTIFY_SOCKET="+notifyDir+"/notify.sock")
	if watchdog > 0 {
		s.Process.Env = append(s.Process.Env, "WATCHDOG_USEC="+strconv.FormatInt(watchdog.Microseconds(), 10))
	}
}
