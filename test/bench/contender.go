package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/test/harness"
)

// contender is one way to run `true` in a container.
type contender struct {
	name    string
	setup   func() error              // once; nil: nothing to do
	command func(n int) *exec.Cmd     // run number n, different at each call
	clean   func(ctx context.Context) // waits until the run has left nothing; nil: it has when it ends
	remove  func()                    // undoes setup
	times   []time.Duration           // of each timed run, start to exit
	cleaned []time.Duration           // the same until nothing was left
	perSec  float64                   // runs a second, parallel
	serial  int                       // of the last run
}

// ready prepares the contender and tries it; it returns why it cannot take part.
func (c *contender) ready() string {
	if c.setup != nil {
		if err := c.setup(); err != nil {
			return firstLine(err.Error())
		}
	}
	if _, err := c.once(); err != nil {
		c.cleanup()
		return firstLine(err.Error())
	}
	return ""
}

func (c *contender) cleanup() {
	if c.remove != nil {
		c.remove()
	}
}

// once runs it and returns the time from start to exit; then it waits, outside
// of that time, until the run has left nothing.
func (c *contender) once() (sample, error) {
	c.serial++
	begin := time.Now()
	err := runOne(c.command(c.serial))
	t := sample{exit: time.Since(begin)}
	if err == nil && c.clean != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		c.clean(ctx)
		err = ctx.Err()
	}
	t.clean = time.Since(begin)
	return t, err
}

type sample struct{ exit, clean time.Duration }

// runOne runs cmd with /dev/null for its streams, stderr kept for the error.
func runOne(cmd *exec.Cmd) error {
	stderr, err := os.CreateTemp("", "bench")
	if err != nil {
		return err
	}
	defer stderr.Close()
	os.Remove(stderr.Name())
	cmd.Stderr = stderr
	if err := cmd.Run(); err != nil {
		text := make([]byte, 2000)
		n, _ := stderr.ReadAt(text, 0)
		return fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, strings.TrimSpace(string(text[:n])))
	}
	return nil
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

func contenders(s *harness.Suite, dir, rootfs string, peers bool) []*contender {
	all := []*contender{
		bare("runc run (bare)", filepath.Join(s.Bin, "runc"), "1.2.0", rootfs, filepath.Join(dir, "runc")),
		pouch(s, "pouch-run --rm --network none", "--network", "none"),
		pouch(s, "pouch-run --rm (bridge)"),
	}
	if peers {
		all = append(all,
			podman(s, dir, "podman run --rm --network none", "none"),
			podman(s, dir, "podman run --rm (bridge)", ""),
			docker(rootfs, "docker run --rm --network none", "none"),
			docker(rootfs, "docker run --rm (bridge)", "bridge"),
			bare("crun run (bare)", "crun", "1.0.2", rootfs, filepath.Join(dir, "crun")),
		)
	}
	return all
}

// pouch times pouch-run of this build.
func pouch(s *harness.Suite, name string, flags ...string) *contender {
	return &contender{
		name: name,
		command: func(int) *exec.Cmd {
			return s.Cmd("pouch-run", append(append([]string{"--rm"}, flags...), s.Image, "true")...)
		},
		clean: func(ctx context.Context) {
			for ctx.Err() == nil {
				left, err := os.ReadDir(filepath.Join(s.Root, "containers"))
				if err == nil && len(left) == 0 && len(s.Processes("pouch-shim")) == 0 {
					return
				}
				time.Sleep(500 * time.Microsecond)
			}
		},
	}
}
