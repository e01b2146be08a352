//go:build integration && amd64

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/test/csidriver"
	"github.com/pouchcontainer/pouch/test/harness"
	"github.com/pouchcontainer/pouch/test/volplugindriver"
)

// storage is a CSI driver that this process serves.
type storage struct {
	t    *testing.T
	s    *harness.Suite
	dir  string
	name string // of the driver, for pouch-vol
	stop func()
}

func startStorage(t *testing.T, s *harness.Suite) *storage {
	t.Helper()
	dir, err := os.MkdirTemp("", "csi-") // short: a socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	st := &storage{t: t, s: s, dir: dir, name: "csi:unix://" + dir + "/csi.sock"}
	st.serve()
	t.Cleanup(func() { st.stop() })
	return st
}

func (st *storage) serve() {
	st.t.Helper()
	d, err := csidriver.New(csidriver.Options{Dir: filepath.Join(st.dir, "d")})
	if err == nil {
		st.stop, err = d.Serve(filepath.Join(st.dir, "csi.sock"))
	}
	if err != nil {
		st.t.Fatal(err)
	}
}

func (st *storage) vol(args ...string) string {
	st.t.Helper()
	return st.s.Must(st.t, "pouch-vol", args...)
}

func (st *storage) run(args ...string) string {
	st.t.Helper()
	return st.s.Must(st.t, "pouch-run", append([]string{"run", "--rm", "--network", "none"}, args...)...)
}

// awaitAway waits until the supervisor of the last container has given the
// volumes back.
func (st *storage) awaitAway() {
	st.t.Helper()
	await(st.t, time.Minute, "the volumes' way off the host", func() bool {
		return len(csidriver.Attached(st.state())) == 0
	})
}

func (st *storage) state() string { return filepath.Join(st.dir, "d") }

// gone fails unless nothing is left with the driver.
func (st *storage) gone() {
	st.t.Helper()
	if left := csidriver.Volumes(st.state()); len(left) != 0 {
		st.t.Errorf("the driver has %v", left)
	}
}

// A volume of a CSI driver holds what containers write, is on the host as long
// as one of them runs, and its driver's words are inspect's.
func TestCSIVolume(t *testing.T) {
	s := start(t)
	st := startStorage(t, s)
	st.vol("create", "-d", st.name, "-o", "size=16m", "cv")
	st.run("-v", "cv:/v", s.Image, "sh", "-c", "echo kept > /v/f")
	st.awaitAway()
	for _, n := range []string{"c1", "c2"} {
		s.Must(t, "pouch-run", "run", "-d", "--network", "none", "--name", n, "-v", "cv:/v", s.Image, "sleep", "1000")
	}
	if got := s.Must(t, "pouch-run", "exec", "c2", "cat", "/v/f"); got != "kept" {
		t.Errorf("%q", got)
	}
	if got := st.vol("inspect", "-f", "{{.Status.state}} {{.Status.capacity}} {{.Scope}}", "cv"); got != "published 16777216 global" {
		t.Errorf("inspect: %s", got)
	}
	s.Must(t, "pouch-run", "rm", "-f", "c1")
	s.Must(t, "pouch-run", "exec", "c2", "touch", "/v/still")
	s.Pouch("pouch-vol", "rm", "cv").OneLine(t, 1, "in use")
	s.Must(t, "pouch-run", "stop", "-t", "0", "c2")
	st.awaitAway()
	s.Must(t, "pouch-run", "cp", "c2:/v/f", "-") // mounted for the copy alone
	st.awaitAway()
	s.Must(t, "pouch-run", "rm", "c2")
	st.vol("snapshot", "create", "cv", "snap")
	st.vol("create", "-d", st.name, "-o", "snapshot=snap", "cv2")
	if got := st.run("-v", "cv2:/v:ro", s.Image, "cat", "/v/f"); got != "kept" {
		t.Errorf("of a snapshot: %q", got)
	}
	if got := st.vol("snapshot", "ls", "--format", "{{.Name}} {{.Volume}} {{.Status}}"); got != "snap cv ready" {
		t.Errorf("snapshots: %s", got)
	}
	st.awaitAway()
	if got, err := os.ReadFile(filepath.Join(st.vol("mount", "cv"), "f")); err != nil || string(got) != "kept\n" {
		t.Errorf("mounted by hand: %q, %v", got, err)
	}
	st.vol("unmount", "cv")
	st.awaitAway()
	st.vol("export", "-o", "/dev/null", "cv")
	if a := csidriver.Attached(st.state()); len(a) != 0 {
		t.Errorf("attached after an export: %v", a)
	}
	st.vol("resize", "cv", "32m")
	if got := st.vol("drivers", "--format", "{{.Name}} {{.Version}} {{.Status}}", st.name); got != csidriver.Name+" 1.2.3 ready" {
		t.Errorf("drivers: %s", got)
	}
	if got := st.vol("capacity", "-d", st.name, "--format", "{{.Bytes}}"); got != strconv.Itoa(1<<40-48<<20) {
		t.Errorf("capacity: %s", got)
	}
	st.run("--mount", "type=volume,src=cv3,dst=/v,volume-driver="+st.name+",volume-opt=size=16m", s.Image, "touch", "/v/f")
	st.awaitAway()
	st.vol("snapshot", "rm", "snap")
	st.vol("rm", "cv", "cv2", "cv3")
	st.gone()
}

// A container has a block volume as a device, and one that is read-only cannot be written.
func TestCSIBlock(t *testing.T) {
	s := start(t)
	st := startStorage(t, s)
	st.vol("create", "-d", st.name, "-o", "size=16m", "-o", "block=true", "bv")
	if got := st.run("-v", "bv:/dev/xvda", s.Image, "sh", "-c", "test -b /dev/xvda && printf abcd > /dev/xvda && head -c 4 /dev/xvda"); got != "abcd" {
		t.Errorf("%q", got)
	}
	st.awaitAway()
	if got := st.run("-v", "bv:/dev/xvda:ro", s.Image, "sh", "-c", "head -c 4 /dev/xvda; printf x 2>/dev/null > /dev/xvda || echo refused"); got != "abcdrefused" {
		t.Errorf("%q", got)
	}
	st.awaitAway()
	st.vol("rm", "bv")
	st.gone()
}

// A driver that is gone when a container ends holds nothing up: the next gc that
// finds it takes the volume off the host.
func TestCSIDriverGone(t *testing.T) {
	s := start(t)
	st := startStorage(t, s)
	st.vol("create", "-d", st.name, "cv")
	s.Must(t, "pouch-run", "run", "-d", "--network", "none", "--name", "c1", "-v", "cv:/v", s.Image, "sleep", "1000")
	st.stop()
	s.Must(t, "pouch-run", "rm", "-f", "c1")
	s.Pouch("pouch-run", "run", "--rm", "--network", "none", "-v", "cv:/v", s.Image, "true") // it is here still
	await(t, time.Minute, "the volume among the leftovers", func() bool {
		r := s.Pouch("pouch-run", "gc", "--check")
		return r.Code != 0 && strings.Contains(r.Stdout+r.Stderr, "/cv/")
	})
	if r := s.Pouch("pouch-run", "gc"); r.Code == 0 {
		t.Errorf("gc tells no error: %v", r)
	}
	s.Pouch("pouch-vol", "rm", "cv").OneLine(t, 1, "csi.sock")
	st.serve()
	s.Must(t, "pouch-run", "gc")
	st.awaitAway()
	s.Must(t, "pouch-run", "gc", "--check")
	st.vol("rm", "cv")
	st.gone()
}

// kill -9 of commands before their system calls: the same again gives one
// volume, and gc gives all of it back.
func TestCSIKillPoints(t *testing.T) {
	s := start(t)
	st := startStorage(t, s)
	create := []string{"create", "-d", st.name, "-o", "size=16m", "kcv"}
	one := func(t *testing.T, s *harness.Suite) {
		s.Must(t, "pouch-vol", create...)
		if n := len(csidriver.Volumes(st.state())); n != 1 {
			t.Errorf("the driver has %d volumes", n)
		}
		s.Must(t, "pouch-run", "run", "--rm", "--network", "none", "-v", "kcv:/v", s.Image, "touch", "/v/f")
		st.awaitAway()
		s.Must(t, "pouch-vol", "rm", "kcv")
		st.gone()
	}
	held := func(t *testing.T, s *harness.Suite) {
		if s.Pouch("pouch-vol", "exists", "kcv").Code == 0 {
			s.Must(t, "pouch-vol", "unmount", "kcv")
		}
		s.Must(t, "pouch-vol", "snapshot", "rm", "-f", "ks")
		if left := csidriver.Snapshots(st.state()); len(left) != 0 {
			t.Errorf("the driver has snapshots %v", left)
		}
		one(t, s)
	}
	run := []string{"run", "--rm", "--name", victim, "--network", "none", "-v", "kcv:/v", s.Image, "true"}
	grown := func(t *testing.T, s *harness.Suite) {
		s.Must(t, "pouch-vol", "resize", "kcv", "32m")
		one(t, s)
	}
	step := every()
	for i, v := range []struct {
		verb
		volume bool
	}{
		{verb: verb{name: "create", bin: "pouch-vol", args: create, again: true, check: one}},
		{verb: verb{name: "rm", bin: "pouch-vol", args: []string{"rm", "-f", "kcv"}, again: true, check: one}, volume: true},
		{verb: verb{name: "run", args: run, again: true, check: one}, volume: true},
		{verb: verb{name: "mount", bin: "pouch-vol", args: []string{"mount", "kcv"}, again: true, check: held}, volume: true},
		{verb: verb{name: "snapshot", bin: "pouch-vol", args: []string{"snapshot", "create", "kcv", "ks"}, again: true, check: held}, volume: true},
		{verb: verb{name: "resize", bin: "pouch-vol", args: []string{"resize", "kcv", "32m"}, again: true, check: grown}, volume: true},
	} {
		t.Run(v.name, func(t *testing.T) {
			for at := 1 + i%step; ; at += step {
				if v.volume {
					s.Must(t, "pouch-vol", create...)
				}
				r := atPoint(t, s, v.verb, at)
				if t.Failed() {
					t.Fatalf("killed at point %d: %s", at, r.Call)
				}
				if !r.Killed {
					return
				}
			}
		})
	}
}

// A plugin of docker's keeps a volume, found by name.
func TestVolumePlugin(t *testing.T) {
	s := start(t)
	dir, err := os.MkdirTemp("", "vp-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	p := volplugindriver.New(filepath.Join(dir, "data"))
	stop, err := p.Serve(filepath.Join(dir, "folders.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	t.Setenv("POUCH_PLUGIN_DIRS", dir)
	s.Must(t, "pouch-vol", "create", "-d", "folders", "-o", "a=b", "pv")
	s.Must(t, "pouch-run", "run", "--rm", "--network", "none", "-v", "pv:/v", s.Image, "sh", "-c", "echo x > /v/f")
	await(t, time.Minute, "the plugin's unmount", func() bool { return p.Mounted("pv") == 0 })
	if got, err := os.ReadFile(filepath.Join(dir, "data", "pv", "f")); err != nil || string(got) != "x\n" {
		t.Errorf("%q, %v", got, err)
	}
	if got := fmt.Sprint(p.Options("pv")); got != "map[a:b]" {
		t.Errorf("options: %s", got)
	}
	if got := s.Must(t, "pouch-vol", "ls", "--filter", "driver=folders", "-q"); got != "pv" {
		t.Errorf("ls: %s", got)
	}
	s.Must(t, "pouch-vol", "rm", "pv")
	if p.Options("pv") != nil {
		t.Error("the plugin has the volume still")
	}
	// Made by a run, and an anonymous one that goes with its container.
	run := []string{"run", "--rm", "--network", "none", "--volume-driver", "folders"}
	s.Must(t, "pouch-run", append(run, "-v", "auto:/v", "-v", "/anon", s.Image, "touch", "/v/f", "/anon/f")...)
	await(t, time.Minute, "the end of the anonymous volume", func() bool {
		left, err := os.ReadDir(filepath.Join(dir, "data"))
		return err == nil && len(left) == 1 && p.Mounted("auto") == 0
	})
	s.Must(t, "pouch-run", append(run, "-v", "auto:/v", s.Image, "ls", "/v/f")...)
	await(t, time.Minute, "the plugin's unmount", func() bool { return p.Mounted("auto") == 0 })
	s.Must(t, "pouch-vol", "rm", "auto")
	s.Pouch("pouch-vol", "create", "-d", "nosuch", "nv").OneLine(t, 1, `no volume driver "nosuch"`)
}
