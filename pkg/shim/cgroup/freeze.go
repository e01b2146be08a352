package cgroup

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// freezer returns the folder, the file and the words that freeze and thaw.
// v1: freezer-subsystem.rst; v2: cgroup-v2.rst, "cgroup.freeze".
func (g *Group) freezer() (dir, file, freeze, thaw string, ok bool) {
	if p := g.controller("freezer"); p != "" {
		return p, "freezer.state", "FROZEN", "THAWED", true
	}
	if p := g.v2(); p != "" {
		return p, "cgroup.freeze", "1", "0", true
	}
	return "", "", "", "", false
}

// Freeze stops every process of the group, and returns when the kernel says
// that all are stopped. When ctx ends first the group is thawed again.
// Idempotent. A host without a freezer is errs.Unsupported.
func (g *Group) Freeze(ctx context.Context) error {
	dir, file, freeze, _, ok := g.freezer()
	if !ok {
		return errs.New(errs.Unsupported, "freeze cgroup: this host has no cgroup freezer")
	}
	for pause := time.Millisecond; ; pause = min(2*pause, 20*time.Millisecond) {
		if err := write(dir, file, freeze); err != nil {
			return err
		}
		if g.awaitFrozen(20 * time.Millisecond) {
			return nil
		}
		// v1 stays in FREEZING for good when a process forks or execs at the
		// wrong moment: only to thaw and try again helps.
		if err := g.Thaw(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return errs.New(errs.Unavailable, "freeze cgroup %s: %w", dir, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// awaitFrozen asks until the group is frozen, for a while at most.
func (g *Group) awaitFrozen(atMost time.Duration) bool {
	for end := time.Now().Add(atMost); ; time.Sleep(200 * time.Microsecond) {
		if g.Frozen() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

// freezeBriefly freezes as far as it goes within a moment, for Kill.
func (g *Group) freezeBriefly() {
	if dir, file, freeze, _, ok := g.freezer(); ok && write(dir, file, freeze) == nil {
		g.awaitFrozen(20 * time.Millisecond)
	}
}

// Thaw lets the processes of the group run. Idempotent; a group that is gone is
// thawed.
func (g *Group) Thaw() error {
	dir, file, _, thaw, ok := g.freezer()
	if !ok {
		return nil
	}
	return ignoreGone(write(dir, file, thaw))
}

// Frozen reports whether the kernel says that all of the group is stopped.
func (g *Group) Frozen() bool {
	dir, file, _, _, ok := g.freezer()
	if !ok {
		return false
	}
	if file == "cgroup.freeze" {
		return value(dir, "cgroup.events", "frozen") == 1
	}
	b, err := os.ReadFile(filepath.Join(dir, file))
	return err == nil && strings.TrimSpace(string(b)) == "FROZEN"
}
