package proc

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// monitorSlack is how late the Go runtime's monitor thread may wake up.
const monitorSlack = "500000" // nanoseconds

// CalmMonitor lets the kernel wake the monitor thread of this program's Go runtime
// (sysmon) later than it asks to be: every 20 microseconds while anything runs,
// which for what runs for milliseconds is a tenth of its time. The thread is the
// first that the runtime starts. It alone is changed: it starts no process. It may
// start a thread, on a busy machine, which inherits this (proc_pid_timerslack_ns(5)):
// who starts a process that is not to have it says OwnSlack on the thread. Where it is
// refused all is as before.
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

// ordinarySlack is what the kernel gives to process 1, and so to everyone: 50
// microseconds.
const ordinarySlack = 50000

// OwnSlack gives the calling thread the ordinary timer slack when it has the monitor's,
// because that one, or one that it had started, started it (PR_SET_TIMERSLACK(2const)).
// The caller has locked its thread. Idempotent.
func OwnSlack() {
	has, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err == nil && strconv.Itoa(has) == monitorSlack {
		unix.Prctl(unix.PR_SET_TIMERSLACK, ordinarySlack, 0, 0, 0) //nolint:errcheck // it is always allowed
	}
}
