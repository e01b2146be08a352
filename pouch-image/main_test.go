package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/ctrd/engine"
	"github.com/pouchcontainer/pouch/pkg/store"
	"github.com/pouchcontainer/pouch/test/harness"
)

// asProgram makes the test binary be pouch-image.
const asProgram = "POUCH_IMAGE_TEST_AS_PROGRAM"

// measures makes the test binary run a program, and write the most memory that it had
// to the file that this names. The kernel counts what a program's parent had at its
// start as the program's: this one is small.
const measures = "POUCH_IMAGE_TEST_MEASURES"

func measure(file string) int {
	c := exec.Command(os.Args[0], os.Args[1:]...)
	c.Env = append(os.Environ(), measures+"=")
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	c.Run() // its code is what counts
	most := c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	if err := os.WriteFile(file, []byte(fmt.Sprint(most)), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	return c.ProcessState.ExitCode()
}

// measured runs a command and returns the most memory that it had, KiB.
func measured(t *testing.T, c *exec.Cmd) (r result, most int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "most")
	c.Env = append(c.Env, measures+"="+file)
	r = do(t, c)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if most, err = strconv.Atoi(string(text)); err != nil {
		t.Fatal(err)
	}
	return r, most
}

// base holds the tests' programs and state; empty where they cannot run.
var base string

func TestMain(m *testing.M) {
	if file := os.Getenv(measures); file != "" {
		os.Exit(measure(file))
	}
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if os.Geteuid() != 0 {
		return m.Run()
	}
	if err := prepare(); err != nil {
		fmt.Fprintln(os.Stderr, "the tests that need an engine are left out:", err)
		return m.Run()
	}
	code := m.Run()
	if err := discard(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

// prepare puts this binary, as pouch-image, and containerd into one folder:
// that is where the engine looks.
func prepare() error {
	tree, err := harness.Tree()
	if err != nil {
		return err
	}
	containerd := filepath.Join(tree, "bin", "containerd")
	if _, err := os.Stat(containerd); err != nil {
		return fmt.Errorf("%w: run make", err)
	}
	dir, err := os.MkdirTemp("/tmp", "pi")
	if err != nil {
		return err
	}
	if err := os.Symlink(containerd, filepath.Join(dir, "containerd")); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := copyFile(filepath.Join(dir, "pouch-image"), self); err != nil {
		return err
	}
	base = dir
	return nil
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

func state() (*store.Store, error) {
	return store.Open(filepath.Join(base, "l"), filepath.Join(base, "r"))
}

func discard() error {
	s, err := state()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return errors.Join(engine.Stop(ctx, s), os.RemoveAll(base))
}

// result of a command.
type result struct {
	code        int
	out, stderr string
}

func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	if base == "" {
		t.Skip("needs root and bin/containerd")
	}
	c := exec.Command(filepath.Join(base, "pouch-image"), args...)
	c.Env = []string{
		asProgram + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + base,
		"GNUPGHOME=" + os.Getenv("GNUPGHOME"), "POUCH_ROOT=" + filepath.Join(base, "l"), "POUCH_RUN_ROOT=" + filepath.Join(base, "r"),
	}
	return c
}

func do(t *testing.T, c *exec.Cmd) result {
	t.Helper()
	var out, stderr bytes.Buffer
	c.Stdout, c.Stderr = &out, &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	hung := time.AfterFunc(3*time.Minute, func() { c.Process.Kill() })
	defer hung.Stop()
	c.Wait()
	return result{c.ProcessState.ExitCode(), out.String(), stderr.String()}
}

func pouch(t *testing.T, args ...string) result {
	t.Helper()
	return do(t, command(t, args...))
}

// expect runs a command and compares: out is a regular expression for all of
// stdout, stderr one for a part of stderr, "" for none.
func expect(t *testing.T, code int, out, stderr string, args ...string) result {
	t.Helper()
	r := pouch(t, args...)
	if r.code != code || !regexp.MustCompile(`\A(?:`+out+`)\z`).MatchString(r.out) || !matches(stderr, r.stderr) {
		t.Errorf("pouch-image %s: exit %d, want %d\nstdout %q, want %q\nstderr %q, want %q",
			strings.Join(args, " "), r.code, code, r.out, out, r.stderr, stderr)
	}
	return r
}

func matches(pattern, got string) bool {
	if pattern == "" {
		return got == ""
	}
	return regexp.MustCompile(pattern).MatchString(got)
}
