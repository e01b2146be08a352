package engine

import (
	"os"
	"strconv"
	"strings"
	"time"
)

// AwaitExec waits, a second at most, while pid is still a runtime's init that
// was told to exec the command. runc's Start returns when its init has been
// told, some hundred microseconds before the exec: a signal would hit the init,
// which dies of it in its own way.
func AwaitExec(pid int) {
	end := time.Now().Add(time.Second)
	for isInit(pid) && time.Now().Before(end) {
		time.Sleep(200 * time.Microsecond)
	}
}

// isInit knows runc's init by the name that it gives itself; execve(2) resets it.
func isInit(pid int) bool {
	name, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	return err == nil && strings.TrimSpace(string(name)) == "runc:[2:INIT]"
}
