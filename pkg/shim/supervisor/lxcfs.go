package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/lxcfs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
	"github.com/pouchcontainer/pouch/pkg/shim/sysinfo"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

// virtualize lets the container see its own limits: it mounts lxcfs in the bundle, as
// long as a life is created, and returns the specification with binds of its files.
// hide takes it away: the container has its own by then. What a crash left there goes
// first.
func (t *task) virtualize(ctx context.Context, s *specs.Spec) (_ *specs.Spec, hide func(), err error) {
	if t.rec == nil || !t.rec.Host.Lxcfs {
		return s, func() {}, nil
	}
	dir := filepath.Join(t.bundle, "lxcfs")
	if err := errors.Join(mount.UnmountAll(dir), os.MkdirAll(dir, 0o711)); err != nil {
		return nil, nil, err
	}
	if err := lxcfs.Of(t.s.store).MountAt(ctx, dir); err != nil {
		return nil, nil, fmt.Errorf("--lxcfs: %w", err)
	}
	hide = func() {
		if err := mount.UnmountAll(dir); err != nil {
			t.s.log.errorf("unmount lxcfs: %v", err)
		}
	}
	out, err := t.ownSysinfo(s)
	if err != nil {
		hide()
		return nil, nil, err
	}
	out.Mounts = append(slices.Clip(out.Mounts), spec.Lxcfs(s, dir, present(dir))...)
	return out, hide, nil
}

// ownSysinfo is a copy of s whose processes ask the supervisor instead of the
// kernel what sysinfo(2) tells. A filter that the user has given is left alone, and
// without one nothing can be done.
func (t *task) ownSysinfo(s *specs.Spec) (*specs.Spec, error) {
	out := *s
	if t.rec.Host.Seccomp != "" || t.rec.Runtime != "" || t.opts.Restore != nil || s.Linux == nil || s.Linux.Seccomp == nil || !sysinfo.Supported() {
		return &out, nil
	}
	socket := t.s.store.SysinfoSocket(t.id)
	if t.answers == nil {
		var err error
		if t.answers, err = sysinfo.Serve(socket, t.tellLimits); err != nil {
			return nil, fmt.Errorf("--lxcfs: %w", err)
		}
	}
	linux := *s.Linux
	linux.Seccomp = sysinfo.Filter(linux.Seccomp, socket)
	out.Linux = &linux
	return &out, nil
}

// tellLimits puts the container's figures in the place of the host's.
func (t *task) tellLimits(info *unix.Sysinfo_t) {
	t.mu.Lock()
	c, since := t.c, t.since
	t.mu.Unlock()
	info.Uptime = 0
	if !since.IsZero() {
		info.Uptime = int64(time.Since(since) / time.Second)
	}
	if c == nil {
		return
	}
	g, err := cgroup.OfPid(c.Pid())
	if err != nil {
		return
	}
	use, err := g.Usage()
	if err != nil {
		return
	}
	limited(info, use, t.record().Host.Resources)
}

// limited puts what a cgroup has and uses into info, in bytes.
func limited(info *unix.Sysinfo_t, use cgroup.Usage, r record.Resources) {
	info.Procs = uint16(min(use.Pids, 1<<16-1))
	unit := max(uint64(info.Unit), 1)
	for _, n := range []*uint64{&info.Totalram, &info.Freeram, &info.Sharedram, &info.Bufferram, &info.Totalswap, &info.Freeswap} {
		*n *= unit
	}
	info.Unit = 1
	if use.MemoryLimit == 0 || use.MemoryLimit >= info.Totalram {
		return
	}
	info.Totalram, info.Sharedram, info.Bufferram = use.MemoryLimit, 0, 0
	info.Freeram = use.MemoryLimit - min(use.MemoryCharged, use.MemoryLimit) // who asks takes file pages for buffers
	info.Totalhigh, info.Freehigh = 0, 0
	swap := uint64(r.Memory) // as much again, without a word
	switch {
	case r.MemorySwap < 0:
		return
	case r.MemorySwap > 0:
		swap = uint64(r.MemorySwap - r.Memory)
	}
	info.Totalswap, info.Freeswap = min(info.Totalswap, swap), min(info.Freeswap, swap)
}

// present are the files that the lxcfs at dir has, and the kernel too.
func present(dir string) []string {
	var out []string
	for _, f := range lxcfs.Files() {
		if unix.Access(filepath.Join(dir, f), unix.F_OK) == nil && unix.Access("/"+f, unix.F_OK) == nil {
			out = append(out, f)
		}
	}
	return out
}
