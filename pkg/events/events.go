// Package events is the log of what happened to containers, images, networks and
// volumes: one JSON object a line in a file of the run-root, that ends with the
// boot. Whoever does something writes one line; nobody serves them.
package events

import (
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/codec"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

const (
	// maxFile is when the log goes on in a new file; one older is kept.
	maxFile = 8 << 20
	// maxLine bounds an event.
	maxLine = 64 << 10
)

// Emit writes e, with the time of now when it has none. It is one write(2) with
// O_APPEND, so lines of several writers do not mix. One of over 64 KiB loses its
// long attributes. It never fails the caller: an event that cannot be written, on
// a full disk, is lost.
func Emit(s *store.Store, e record.Event) {
	if e.Time.IsZero() {
		e.Time = time.Now().UTC()
	}
	line, err := codec.Marshal(&e)
	if err == nil && len(line) > maxLine {
		e.Attributes = short(e.Attributes)
		line, err = codec.Marshal(&e)
	}
	if err == nil {
		write(s, append(line, '\n'))
	}
}

// short is a without the long ones, in all at most half a line.
func short(a record.Labels) record.Labels {
	const most = 256                          // bytes of one
	out, left := record.Labels{}, maxLine/2/6 // JSON may need six bytes for one
	for _, k := range slices.Sorted(maps.Keys(a)) {
		if n := len(k) + len(a[k]); n <= most && n <= left {
			out[k] = a[k]
			left -= n
		}
	}
	return out
}

// write is four system calls: it is on the way of every run.
func write(s *store.Store, line []byte) {
	fd, err := unix.Open(s.EventsPath(), unix.O_WRONLY|unix.O_APPEND|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return
	}
	if n, err := unix.Write(fd, line); err == nil && n < len(line) {
		unix.Write(fd, []byte{'\n'}) //nolint:errcheck // of a line that was cut; a reader finds the next one without, too
	}
	end, err := unix.Seek(fd, 0, io.SeekCurrent)
	if err != nil || end < maxFile {
		unix.Close(fd)
		return
	}
	f := os.NewFile(uintptr(fd), "events")
	defer f.Close()
	rotate(s, f)
}

// rotate moves the file full aside, unless somebody else has just done so. Who
// has it open yet writes on into it: readers look at both files.
func rotate(s *store.Store, full *os.File) {
	l, err := s.TryLock("events", "log")
	if err != nil {
		return // somebody else is at it, or the next writer will be
	}
	defer l.Unlock()
	if path := s.EventsPath(); same(path, full) {
		fsx.Rotate(path, 1) //nolint:errcheck // the next writer tries again
	}
}

// same reports whether path names the open file f.
func same(path string, f *os.File) bool {
	a, err := f.Stat()
	if err != nil {
		return false
	}
	b, err := os.Lstat(path)
	return err == nil && os.SameFile(a, b)
}

// OfContainer is an event of c: its labels, name and image are attributes, and
// so is more.
func OfContainer(c *record.Container, action string, more record.Labels) record.Event {
	a := make(record.Labels, len(c.Labels)+len(more)+2)
	maps.Copy(a, c.Labels)
	a["image"], a["name"] = c.Image.Name, c.Name
	maps.Copy(a, more)
	return record.Event{Type: "container", Action: action, ID: c.ID, Attributes: a}
}

// OfNetwork is an event of n; container is the id of one that it concerns, or
// empty.
func OfNetwork(n *record.Network, action, container string) record.Event {
	a := record.Labels{"name": n.Name, "type": n.Driver}
	if container != "" {
		a["container"] = container
	}
	return record.Event{Type: "network", Action: action, ID: n.ID, Attributes: a}
}
