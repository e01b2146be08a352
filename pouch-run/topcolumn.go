package main

import (
	"fmt"
	"os/user"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/proc"
)

// column is one of top's.
type column struct {
	name string
	of   func(*proc.Info) string
}

func allColumns() []column {
	number := func(of func(*proc.Info) int) func(*proc.Info) string {
		return func(p *proc.Info) string { return strconv.Itoa(of(p)) }
	}
	return []column{
		{"uid", func(p *proc.Info) string { return userName(p.UID) }},
		{"user", func(p *proc.Info) string { return userName(p.UID) }},
		{"pid", number(func(p *proc.Info) int { return p.Pid })},
		{"ppid", number(func(p *proc.Info) int { return p.PPid })},
		{"pgid", number(func(p *proc.Info) int { return p.PGrp })},
		{"sid", number(func(p *proc.Info) int { return p.Session })},
		{"c", cpuShare},
		{"stime", func(p *proc.Info) string { return startTime(p.Started, time.Now()) }},
		{"etime", func(p *proc.Info) string { return clock(time.Since(p.Started)) }},
		{"tty", func(p *proc.Info) string { return p.TTY }},
		{"time", func(p *proc.Info) string { return clock(p.CPU) }},
		{"stat", func(p *proc.Info) string { return string(p.State) }},
		{"nlwp", number(func(p *proc.Info) int { return p.Threads })},
		{"%cpu", cpuShare},
		{"%mem", memoryShare},
		{"start", func(p *proc.Info) string { return startTime(p.Started, time.Now()) }},
		{"rss", number(func(p *proc.Info) int { return int(p.RSS >> 10) })},
		{"vsz", number(func(p *proc.Info) int { return int(p.VSZ >> 10) })},
		{"comm", func(p *proc.Info) string { return p.Comm }},
		{"args", processLine},
		{"cmd", processLine},
		{"command", processLine},
	}
}

func columnNames() (names []string) {
	for _, c := range allColumns() {
		names = append(names, c.name)
	}
	return names
}

// columns reads a list such as pid,comm.
func columns(list string) (out []column, err error) {
	all := allColumns()
next:
	for word := range strings.SplitSeq(list, ",") {
		for _, c := range all {
			if c.name == strings.ToLower(strings.TrimSpace(word)) {
				out = append(out, c)
				continue next
			}
		}
		return nil, errs.New(errs.Invalid, "no column %q: one of %s", word, strings.Join(columnNames(), ", "))
	}
	return out, nil
}

// userName is the host's name for a user, else the number.
func userName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

// cpuShare is the percentage of one processor over the process' life.
func cpuShare(p *proc.Info) string {
	life := time.Since(p.Started)
	if life <= 0 {
		return "0"
	}
	return strconv.Itoa(int(100 * p.CPU / life))
}

// memoryShare is the percentage of the host's memory.
func memoryShare(p *proc.Info) string {
	var i unix.Sysinfo_t
	if unix.Sysinfo(&i) != nil || i.Totalram == 0 {
		return "?"
	}
	return strconv.FormatFloat(100*float64(p.RSS)/(float64(i.Totalram)*float64(i.Unit)), 'f', 1, 64)
}

// startTime is the time of day, or the date of what is older than a day.
func startTime(t, now time.Time) string {
	if now.Sub(t) < 24*time.Hour {
		return t.Format("15:04")
	}
	return t.Format("Jan02")
}

// clock is a duration as [D-]HH:MM:SS.
func clock(d time.Duration) string {
	s := int(d.Seconds())
	days := ""
	if s >= 86400 {
		days = fmt.Sprintf("%d-", s/86400)
	}
	return fmt.Sprintf("%s%02d:%02d:%02d", days, s/3600%24, s/60%60, s%60)
}

func processLine(p *proc.Info) string {
	if len(p.Args) == 0 {
		return "[" + p.Comm + "]"
	}
	return strings.Join(p.Args, " ")
}
