package harness

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// Suite is one private engine with a test image, in temporary folders.
type Suite struct {
	Bin     string // folder of Pouch's programs
	Root    string // --root
	RunRoot string // --run-root, short: unix socket paths end at 107 bytes
	Image   string // reference of a busybox image
	Archive string // the docker-archive it was loaded from

	dir      string
	ids      *idWatch
	baseline Census
	others   int
}

// Main is the body of a TestMain: it runs the tests in namespaces of their own
// with *s started, and fails when they leave anything behind. Without root the
// tests run with *s nil and skip themselves through Need.
func Main(m *testing.M, s **Suite) {
	os.Exit(run(m, s))
}

func run(m *testing.M, s **Suite) int {
	if os.Geteuid() != 0 {
		return m.Run()
	}
	if os.Getenv(insideEnv) == "" {
		code, err := isolate()
		return report(err, code)
	}
	if err := settle(); err != nil {
		return report(err, 1)
	}
	suite, err := start()
	if err != nil {
		return report(err, 1)
	}
	*s = suite
	code := m.Run()
	return report(suite.Stop(), code)
}

func report(err error, code int) int {
	if err != nil {
		fmt.Fprintf(os.Stderr, "FAIL: %v\n", err)
		return max(code, 1)
	}
	return code
}

// Need skips t where there is no suite.
func (s *Suite) Need(t testing.TB) {
	t.Helper()
	if s == nil {
		t.Skip("needs root")
	}
}

// start makes a suite: engine, image, and a first container on the default
// bridge, so that what stays for good (the bridge, its rules) is there before
// the baseline is taken.
func start() (*Suite, error) {
	s, err := newSuite()
	if err != nil {
		return nil, err
	}
	if err := s.warm(); err != nil {
		return nil, errors.Join(err, s.discard())
	}
	return s, nil
}

func newSuite() (*Suite, error) {
	bin, err := binDir()
	if err != nil {
		return nil, err
	}
	s := at(os.Getenv(insideEnv))
	// Others, such as a command without root rights, may look for it.
	if err := os.Chmod(s.dir, 0o755); err != nil {
		return nil, err
	}
	s.Bin, s.Image = bin, "busybox:latest"
	return s, s.mountRunRoot()
}

// mountRunRoot makes the run-root a tmpfs, as /run is on a host.
func (s *Suite) mountRunRoot() error {
	if err := os.Mkdir(s.RunRoot, 0o711); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", s.RunRoot, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=711"); err != nil {
		return fmt.Errorf("mount the run-root: %w", err)
	}
	return nil
}

func (s *Suite) warm() error {
	var err error
	if s.Archive, err = Image("busybox"); err != nil {
		return err
	}
	for _, c := range []*exec.Cmd{
		s.Cmd("pouch-image", "load", "-q", "-i", s.Archive),
		s.Cmd("pouch-run", "--rm", "-p", "127.0.0.1:0:80", s.Image, "true"),
	} {
		if r := Do(c); r.Code != 0 {
			return fmt.Errorf("start of the suite: %v", r)
		}
	}
	if s.ids, err = watchIDs(filepath.Join(s.Root, "containers")); err != nil {
		return err
	}
	if s.baseline, err = s.settled(nil); err != nil {
		return fmt.Errorf("census before the tests: %w", err)
	}
	return nil
}

// Stop ends the suite: nothing may be left beyond what was there at the
// start, the engine ends, its folders go.
func (s *Suite) Stop() error {
	err := s.Reset()
	now, cerr := s.settled(s.baseline)
	if cerr == nil {
		cerr = now.beyond(s.baseline)
	}
	return errors.Join(err, cerr, s.discard())
}

// Reset removes the containers, volumes and networks that a test left, and
// fails unless gc --check then finds nothing.
func (s *Suite) Reset() error {
	for _, verb := range [][]string{
		{"pouch-run", "ps -aq", "rm -f -v"},
		{"pouch-vol", "ls -q", "rm -f"},
		{"pouch-net", "ls -q", "rm"},
	} {
		if err := s.removeAll(verb[0], verb[1], verb[2]); err != nil {
			return err
		}
	}
	if r := s.Settle("pouch-run", "gc", "--check"); r.Code != 0 {
		return fmt.Errorf("leftovers: %v", r)
	}
	return nil
}

func (s *Suite) removeAll(bin, list, rm string) error {
	filter := ""
	if bin == "pouch-net" {
		filter = " --filter type=custom"
	}
	script := fmt.Sprintf(`set -e; all=$(%s %s%s); [ -z "$all" ] || echo "$all" | %s %s - >/dev/null`, bin, list, filter, bin, rm)
	if r := Do(s.Cmd("sh", "-c", script)); r.Code != 0 {
		return fmt.Errorf("remove what a test left: %v", r)
	}
	return nil
}

// discard ends the engine and removes the folders, whatever state they are in.
func (s *Suite) discard() error {
	if s.ids != nil {
		s.ids.close()
	}
	r := Do(s.Cmd("pouch-run", "engine", "stop"))
	var err error
	if r.Code != 0 {
		err = fmt.Errorf("stop the engine: %v", r)
	}
	if left := s.processes(); len(left) > 0 {
		err = errors.Join(err, fmt.Errorf("processes left after the engine's stop: %q", left))
	}
	err = errors.Join(err, s.removeCgroups())
	if os.Getenv("POUCH_TEST_KEEP") != "" {
		fmt.Fprintf(os.Stderr, "kept: %s\n", s.dir)
		return err
	}
	for _, m := range mountsBelow(s.dir) {
		if e := unmount(m); e != nil {
			err = errors.Join(err, e)
		}
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// Program runs main with a suite in namespaces of its own, as Main does for
// tests, but without the census: peers leave their own links and rules there.
// It returns the exit code.
func Program(main func(*Suite) error) int {
	if os.Geteuid() != 0 {
		return report(errors.New("needs root"), 1)
	}
	if os.Getenv(insideEnv) == "" {
		code, err := isolate()
		return report(err, code)
	}
	if err := settle(); err != nil {
		return report(err, 1)
	}
	suite, err := start()
	if err != nil {
		return report(err, 1)
	}
	return report(errors.Join(main(suite), suite.Reset(), suite.discard()), 0)
}

// Another returns a suite with the same programs and with state folders of its
// own beside those of s; it is not started, and who stops its engine is the
// caller.
func (s *Suite) Another() *Suite {
	s.others++
	o := at(fmt.Sprint(s.dir, s.others))
	o.Bin, o.Image, o.Archive = s.Bin, s.Image, s.Archive
	return o
}

// Discard ends the suite's engine and removes its folders; it fails when there
// are processes or cgroups of it left.
func (s *Suite) Discard() error { return s.discard() }

// Scratch makes a folder that goes with the suite.
func (s *Suite) Scratch(name string) (string, error) {
	dir := filepath.Join(s.dir, name)
	return dir, os.MkdirAll(dir, 0o755)
}

// Clean fails t unless everything that the tests made so far is gone.
func (s *Suite) Clean(t testing.TB) {
	t.Helper()
	if err := s.Reset(); err != nil {
		t.Error(err)
	}
	now, err := s.settled(s.baseline)
	if err == nil {
		err = now.beyond(s.baseline)
	}
	if err != nil {
		t.Error(err)
	}
}

// IDs returns the ids of all containers that the suite ever had, in the order
// of their making.
func (s *Suite) IDs() []string { return s.ids.list() }
