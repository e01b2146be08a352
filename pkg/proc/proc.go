// Package proc tells processes apart for good: by pid, start time and boot.
// The source is proc_pid_stat(5).
package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// Self is the running process.
func Self() (record.Proc, error) { return Of(os.Getpid()) }

// Of returns the process that has pid now.
func Of(pid int) (record.Proc, error) {
	_, start, err := stat(pid)
	return record.Proc{Pid: pid, Start: start}, err
}

// Alive reports whether p is still that process, and not a zombie.
func Alive(p record.Proc) bool {
	if p.Pid <= 0 {
		return false
	}
	state, start, err := stat(p.Pid)
	return err == nil && start == p.Start && state != 'Z' && state != 'X'
}

// Signal sends sig to p and never to another process that has its pid by now:
// the pidfd is opened first, then the start time is checked. A process that is
// gone gives unix.ESRCH.
func Signal(p record.Proc, sig unix.Signal) error {
	if p.Pid <= 0 {
		return unix.ESRCH
	}
	fd, err := unix.PidfdOpen(p.Pid, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if !Alive(p) {
		return unix.ESRCH
	}
	return unix.PidfdSendSignal(fd, sig, nil, 0)
}

// BootID identifies the running boot.
func BootID() (string, error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(b)), err
}

func stat(pid int) (state byte, start uint64, err error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, 0, err
	}
	// The name in parentheses may hold anything: the fields follow the last ')'.
	i := bytes.LastIndexByte(b, ')')
	f := bytes.Fields(b[i+1:])
	if i < 0 || len(f) < 20 {
		return 0, 0, fmt.Errorf("/proc/%d/stat: unexpected form", pid)
	}
	start, err = strconv.ParseUint(string(f[19]), 10, 64)
	return f[0][0], start, err
}
