package command

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
)

func (l *line) identity() {
	c := l.c
	l.add("name", c.Name)
	l.hostnames()
	l.labels()
	l.pairs("annotation", c.Annotations)
	l.addIf("runtime", c.Runtime)
}

// hostnames leaves out the name that Pouch would give.
func (l *line) hostnames() {
	h := l.c.Host
	l.addIf("domainname", h.Domainname)
	own := l.c.ID[:min(12, len(l.c.ID))]
	switch {
	case strings.HasPrefix(l.c.NetworkMode, "container:") || strings.HasPrefix(h.UtsMode, "container:"):
		return
	case l.c.NetworkMode == "host" || h.UtsMode == "host":
		own = l.hostname
	}
	if h.Hostname != own {
		l.addIf("hostname", h.Hostname)
	}
}

func (l *line) labels() {
	own := record.Labels{}
	for k, v := range l.c.Labels {
		if l.base != nil {
			if was, ok := l.base.Labels[k]; ok && was == v {
				continue
			}
		}
		own[k] = v
	}
	l.pairs("label", own)
}

func (l *line) policy() {
	p := l.c.Policy
	l.on("rm", p.AutoRemove)
	switch {
	case p.Restart.Max > 0:
		l.add("restart", p.Restart.Name+":"+strconv.Itoa(p.Restart.Max))
	default:
		l.addIf("restart", p.Restart.Name)
	}
	l.addIf("on-client-exit", p.OnClientExit)
	l.number("timeout", int64(p.Timeout))
	l.addIf("pidfile", p.PidFile)
	l.addIf("sdnotify", p.Sdnotify)
}

func (l *line) process() {
	p := l.c.Process
	l.on("tty", p.TTY)
	l.on("interactive", p.OpenStdin)
	l.on("init", p.Init)
	l.env()
	base := record.Process{Cwd: "/"}
	if l.base != nil {
		base = l.base.Process
	}
	if p.Cwd != base.Cwd || l.base == nil {
		l.addIf("workdir", p.Cwd)
	}
	if p.User != base.User {
		l.addIf("user", p.User)
	}
	l.each("group-add", p.Groups)
	if p.StopSignal != base.StopSignal {
		l.addIf("stop-signal", p.StopSignal)
	}
	if p.StopTimeout != nil {
		l.add("stop-timeout", strconv.Itoa(*p.StopTimeout))
	}
	for _, r := range p.Rlimits {
		l.add("ulimit", strings.ToLower(strings.TrimPrefix(r.Type, "RLIMIT_"))+"="+limit(r.Soft)+":"+limit(r.Hard))
	}
	l.number("preserve-fds", int64(p.PreserveFDs))
	if p.Umask != nil {
		l.add("umask", "0"+strconv.FormatUint(uint64(*p.Umask), 8))
	}
}

// limit is a value of setrlimit(2); all ones are RLIM_INFINITY.
func limit(n uint64) string {
	if n == ^uint64(0) {
		return "-1"
	}
	return strconv.FormatUint(n, 10)
}

// env leaves out what the image has alike, and takes away what it has more.
func (l *line) env() {
	var image []string
	if l.base != nil {
		image = l.base.Process.Env
	}
	for _, kv := range image {
		key, _, _ := strings.Cut(kv, "=")
		if !slices.ContainsFunc(l.c.Process.Env, func(own string) bool { return strings.HasPrefix(own, key+"=") }) {
			l.add("unsetenv", key)
		}
	}
	for _, kv := range l.c.Process.Env {
		if !slices.Contains(image, kv) {
			l.add("env", kv)
		}
	}
}

// tail is the entrypoint, the image and the command. --entrypoint takes one
// word: the others go before those of the command.
func (l *line) tail() []string {
	c, p := l.c, l.c.Process
	target := c.Image.Name
	if c.Image.Rootfs != "" {
		l.words = append(l.words, "--rootfs")
		target = c.Image.Rootfs
	}
	var base record.Process
	if l.base != nil {
		base = l.base.Process
	}
	switch {
	case slices.Equal(p.Entrypoint, base.Entrypoint) && (l.base != nil || c.Image.Rootfs != ""):
		switch {
		case slices.Equal(p.Cmd, base.Cmd):
			return []string{target}
		case len(p.Cmd) > 0:
			return append([]string{target}, p.Cmd...)
		}
	case len(p.Entrypoint) == 0:
		return append([]string{"--entrypoint=", target}, p.Cmd...)
	}
	args := p.Args()
	if len(args) == 0 {
		return []string{target}
	}
	l.add("entrypoint", args[0])
	return append([]string{target}, args[1:]...)
}
