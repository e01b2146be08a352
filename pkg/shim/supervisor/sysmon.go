package supervisor

import (
	"os"
	"strconv"
)

// monitorSlack is how late the Go runtime's monitor thread may wake up.
const monitorSlack = "500000" // nanoseconds

// calmMonitor lets the kernel wake the runtime's monitor thread (sysmon) later
// than it asks to be: every 20 microseconds while anything runs, which for a
// container that runs for milliseconds was a tenth of the supervisor's time. The
// thread is the first that the runtime starts. It alone is changed: it starts no
// process, so no container inherits this (proc_pid_timerslack_ns(5)).
func calmMonitor() {
	d, err := os.Open("/proc/self/task")
	if err != nil {
		return
	}
	defer d.Close()
	threads, err := d.Readdirnames(2) // in the order of their creation
	if err != nil || len(threads) < 2 || threads[0] != strconv.Itoa(os.Getpid()) {
		return
	}
	os.WriteFile("/proc/"+threads[1]+"/timerslack_ns", []byte(monitorSlack), 0)
}
