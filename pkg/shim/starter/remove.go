package starter

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/pouchcontainer/pouch/pkg/shim/bundle"
)

// killed is the exit code of a container whose supervisor did not live to see
// its end: that of SIGKILL.
const killed = 128 + int(syscall.SIGKILL)

// remove ends what a dead supervisor left of the container, and prints how it
// ended. Mostly there is nothing left: then it is over after a few lstat(2).
func (o *options) remove() error {
	dir := o.bundle
	if dir == "" {
		wd, err := os.Getwd()
		if err != nil {
			return err
		}
		dir = wd
	}
	if err := o.clean(dir); err != nil {
		return err
	}
	e, err := bundle.ReadExit(dir)
	if err != nil {
		e = bundle.Exit{Status: killed, Nanos: time.Now().UnixNano()}
	}
	return put(deleteResponse(e.Pid, e.Status, e.Nanos))
}

func (o *options) clean(dir string) error {
	set, err := bundle.Read(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it was never created
	}
	if err != nil {
		return errors.New("settings in " + dir + ": " + err.Error())
	}
	if gone(set.StateDir+"/"+o.id) && !mounted(dir+"/rootfs") {
		dropSocket(set.Socket)
		return nil
	}
	program, err := find("pouch-shim")
	if err != nil {
		return err
	}
	cmd := exec.Command(program, "delete", dir, o.id) //nolint:noctx // containerd bounds it
	cmd.Stderr = os.Stderr
	cmd.Dir = "/"
	if err := cmd.Run(); err != nil {
		return err
	}
	// The supervisor is dead, but its last thread may have the socket yet.
	for i := 0; i < 20 && !dropSocket(set.Socket); i++ {
		time.Sleep(5 * time.Millisecond)
	}
	return nil
}

// dropSocket removes a supervisor's socket unless somebody listens there: a
// pod's supervisor lives on.
func dropSocket(path string) bool {
	if path == "" {
		return true
	}
	if connects(path) {
		return false
	}
	os.Remove(path)
	return true
}

func gone(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// mounted reports whether path is a mount point: it is on another filesystem
// than the folder it is in. Only an overlay or a block device is mounted there.
func mounted(path string) bool {
	var a, b syscall.Stat_t
	if syscall.Lstat(path, &a) != nil || syscall.Lstat(path+"/..", &b) != nil {
		return false
	}
	return a.Dev != b.Dev
}
