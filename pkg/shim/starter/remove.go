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
	if set.Socket != "" && !connects(set.Socket) { // a pod's supervisor may live on
		os.Remove(set.Socket)
	}
	if gone(set.StateDir+"/"+o.id) && !mounted(dir+"/rootfs") {
		return nil
	}
	program, err := find("pouch-shim")
	if err != nil {
		return err
	}
	cmd := exec.Command(program, "delete", dir, o.id)
	cmd.Stderr = os.Stderr
	cmd.Dir = "/"
	return cmd.Run()
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
