package proc

import (
	"os"
	"strconv"
)

// monitorSlack is how late the Go runtime's monitor thread may wake up.
const monitorSlack = "500000" // nanoseconds

// CalmMonitor lets the kernel wake the monitor thread of this program's Go runtime
// (sysmon) later than it asks to be: every 20 microseconds while anything runs,
// which for what runs for milliseconds is a tenth of its time. The thread is the
// first that the runtime starts. It alone is changed: it starts no process, so
// nothing inherits this (proc_pid_timerslack_ns(5)). Where it is refused all is as
// before.
func CalmMonitor() { CalmMonitorOf(os.Getpid()) }

// CalmMonitorOf is CalmMonitor for another program in Go, whose runtime is up.
func CalmMonitorOf(pid int) {
	d, err := os.Open("/proc/" + strconv.Itoa(pid) + "/task")
	if err != nil {
		return
	}
	threads, err := d.Readdirnames(2) // in the order of their creation
	d.Close()
	if err == nil && len(threads) == 2 {
		os.WriteFile("/proc/"+threads[1]+"/timerslack_ns", []byte(monitorSlack), 0) //nolint:errcheck // as said above
	}
}
