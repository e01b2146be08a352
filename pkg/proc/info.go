package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Info is what proc_pid_stat(5), proc_pid_status(5) and proc_pid_cmdline(5) tell
// of a process.
type Info struct {
	Pid, PPid, PGrp, Session int
	UID                      uint32 // real
	Comm                     string
	Args                     []string // empty for a process without a command line
	State                    byte
	TTY                      string        // pts/0, or "?"
	CPU                      time.Duration // user and system
	Started                  time.Time
	RSS, VSZ                 int64 // bytes
	Threads                  int
}

// ticks a second in proc_pid_stat(5): USER_HZ, the same on every architecture
// that Go runs on.
const ticks = 100

// Stat describes process pid. The error is fs.ErrNotExist when it has ended.
func Stat(pid int) (*Info, error) {
	dir := "/proc/" + strconv.Itoa(pid)
	b, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return nil, err
	}
	open, shut := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 0 || shut < open {
		return nil, fmt.Errorf("%s/stat: unexpected form", dir)
	}
	f := strings.Fields(string(b[shut+1:]))
	if len(f) < 22 {
		return nil, fmt.Errorf("%s/stat: unexpected form", dir)
	}
	n := make([]int64, len(f))
	for i := range f {
		n[i], _ = strconv.ParseInt(f[i], 10, 64) // some are larger than int64, and not used
	}
	p := &Info{
		Pid: pid, Comm: string(b[open+1 : shut]), State: f[0][0], PPid: int(n[1]), PGrp: int(n[2]), Session: int(n[3]),
		TTY: ttyName(n[4]), CPU: time.Duration(n[11]+n[12]) * time.Second / ticks, Threads: int(n[17]),
		VSZ: n[20], RSS: n[21] * int64(os.Getpagesize()),
	}
	if p.Started, err = since(n[19]); err != nil {
		return nil, err
	}
	if p.UID, err = realUID(dir); err != nil {
		return nil, err
	}
	if cmd, err := os.ReadFile(dir + "/cmdline"); err == nil && len(cmd) > 0 {
		p.Args = strings.Split(strings.TrimRight(string(cmd), "\x00"), "\x00")
	}
	return p, nil
}

// realUID reads the first number of the line Uid.
func realUID(dir string) (uint32, error) {
	b, err := os.ReadFile(dir + "/status")
	if err != nil {
		return 0, err
	}
	_, rest, ok := strings.Cut(string(b), "\nUid:")
	f := strings.Fields(rest)
	if !ok || len(f) == 0 {
		return 0, fmt.Errorf("%s/status: no Uid", dir)
	}
	uid, err := strconv.ParseUint(f[0], 10, 32)
	return uint32(uid), err
}

// since turns clock ticks since boot into a time.
func since(start int64) (time.Time, error) {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return time.Time{}, err
	}
	age := time.Duration(now.Nano()) - time.Duration(start)*time.Second/ticks
	return time.Now().Add(-age), nil
}

// ttyName names a terminal by its device number: proc_pid_stat(5), tty_nr.
func ttyName(nr int64) string {
	major, minor := unix.Major(uint64(nr)), unix.Minor(uint64(nr))
	switch {
	case nr == 0:
		return "?"
	case major >= 136 && major <= 143:
		return fmt.Sprintf("pts/%d", (major-136)*256+minor)
	case major == 4 && minor < 64:
		return fmt.Sprintf("tty%d", minor)
	}
	return fmt.Sprintf("%d:%d", major, minor)
}
