// Package bundle is what the supervisor leaves in a container's bundle for
// containerd-shim-pouch-v2's `delete`, which runs after the supervisor's death
// with nothing but the bundle to go by: no environment, no flags of ours. It
// imports nearly nothing, because that program must start in a millisecond.
package bundle

import (
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

const (
	settingsFile = "pouch-settings"
	exitFile     = "pouch-exit"
	maxFile      = 16 << 10
)

// Settings say which engine made the container, and where its state is.
type Settings struct {
	StateDir string // the runtime's state is StateDir/<id>
	Runtime  string // path of an OCI runtime; empty: libcontainer
	Socket   string // of the supervisor, to be removed after it; empty: not ours
}

// Exit is how process 1 ended.
type Exit struct {
	Pid    int
	Status int
	Nanos  int64 // since 1970
}

// ErrBroken is returned for a file that is not what was written.
var ErrBroken = errors.New("broken file in the bundle")

// Write notes the settings in the bundle dir. A reader sees all or nothing.
func Write(dir string, s Settings) error {
	if strings.Contains(s.StateDir+s.Runtime+s.Socket, "\n") {
		return ErrBroken
	}
	return replace(dir, settingsFile, s.StateDir+"\n"+s.Runtime+"\n"+s.Socket+"\n")
}

// Read returns the settings; fs.ErrNotExist when nothing was created.
func Read(dir string) (Settings, error) {
	f, err := lines(dir, settingsFile, 3)
	if err != nil {
		return Settings{}, err
	}
	return Settings{StateDir: f[0], Runtime: f[1], Socket: f[2]}, nil
}

// WriteExit notes how the container ended.
func WriteExit(dir string, e Exit) error {
	return replace(dir, exitFile, strconv.Itoa(e.Pid)+"\n"+strconv.Itoa(e.Status)+"\n"+strconv.FormatInt(e.Nanos, 10)+"\n")
}

// ReadExit returns how the container ended; fs.ErrNotExist when the supervisor
// did not live to see it.
func ReadExit(dir string) (Exit, error) {
	f, err := lines(dir, exitFile, 3)
	if err != nil {
		return Exit{}, err
	}
	pid, err1 := strconv.Atoi(f[0])
	status, err2 := strconv.Atoi(f[1])
	nanos, err3 := strconv.ParseInt(f[2], 10, 64)
	if err1 != nil || err2 != nil || err3 != nil {
		return Exit{}, ErrBroken
	}
	return Exit{Pid: pid, Status: status, Nanos: nanos}, nil
}

// replace needs no fsync: a bundle does not survive the boot.
func replace(dir, name, text string) error {
	tmp := dir + "/." + name
	if err := os.WriteFile(tmp, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, dir+"/"+name)
}

func lines(dir, name string, n int) ([]string, error) {
	f, err := os.OpenFile(dir+"/"+name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, err
	}
	out := strings.Split(string(b), "\n")
	if len(out) != n+1 || out[n] != "" {
		return nil, ErrBroken
	}
	return out[:n], nil
}
