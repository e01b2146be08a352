package supervisor

import (
	"os"

	"golang.org/x/sys/unix"
)

// handed are descriptors that a life of the container gets as they are: 0, 1 and 2
// of the caller, or 0 alone. A policy that restarts keeps them open; without one
// the process alone has them, so that who reads sees the end when it does, and a
// restart that a user wants takes them back from it.
type handed struct {
	files [3]*os.File
	who   [3]unix.Stat_t // of files
}

func newHanded(files [3]*os.File) *handed {
	g := &handed{files: files}
	for i, f := range files {
		if f != nil && unix.Fstat(int(f.Fd()), &g.who[i]) != nil {
			g.who[i] = unix.Stat_t{}
		}
	}
	return g
}

// regain takes the descriptors back from process 1, before it is asked to end for
// another life. What it has closed or replaced is gone for that.
func (t *task) regain() {
	if t.handed == nil || t.mayRestart() {
		return
	}
	fd, err := unix.PidfdOpen(t.pid(), 0)
	if err != nil {
		t.handed.files = [3]*os.File{}
		return
	}
	defer unix.Close(fd)
	for i, f := range t.handed.files {
		if f != nil {
			t.handed.files[i] = taken(fd, i, &t.handed.who[i])
		}
	}
}

// taken is a copy of descriptor n of the process behind pidfd, if that is who;
// else nil.
func taken(pidfd, n int, who *unix.Stat_t) *os.File {
	got, err := unix.PidfdGetfd(pidfd, n, 0) // close-on-exec
	if err != nil {
		return nil
	}
	var st unix.Stat_t
	if unix.Fstat(got, &st) != nil || st.Dev != who.Dev || st.Ino != who.Ino || st.Rdev != who.Rdev {
		unix.Close(got)
		return nil
	}
	return os.NewFile(uintptr(got), "regained")
}
