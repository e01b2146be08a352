package network

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// process is who has a socket.
type process struct {
	pid     int
	program string
}

// holders are the processes that have sockets, by the link that proc_pid_fd(5)
// shows.
func holders() map[string]process {
	out := map[string]process{}
	dirs, _ := filepath.Glob("/proc/[0-9]*") // the pattern is good
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		fds, err := os.ReadDir(dir + "/fd")
		if err != nil {
			continue
		}
		p := process{pid: pid}
		for _, fd := range fds {
			to, err := os.Readlink(dir + "/fd/" + fd.Name())
			if err != nil || !strings.HasPrefix(to, "socket:") {
				continue
			}
			if p.program == "" {
				p.program = commOf(dir)
			}
			out[to] = p
		}
	}
	return out
}

func commOf(dir string) string {
	b, err := os.ReadFile(dir + "/comm")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
