package harness

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// idWatch remembers the name of every folder that is made in a folder, so that
// a container is known for good, also one that lived for a moment (inotify(7)).
type idWatch struct {
	f    *os.File
	mu   sync.Mutex
	seen []string
}

func watchIDs(dir string) (*idWatch, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("inotify: %w", err)
	}
	w := &idWatch{f: os.NewFile(uintptr(fd), "inotify")}
	if _, err := unix.InotifyAddWatch(fd, dir, unix.IN_CREATE|unix.IN_MOVED_TO); err != nil {
		w.f.Close()
		return nil, fmt.Errorf("watch %s: %w", dir, err)
	}
	go w.read()
	return w, nil
}

func (w *idWatch) read() {
	buf := make([]byte, 64<<10)
	for {
		n, err := w.f.Read(buf)
		if err != nil {
			return
		}
		for b := buf[:n]; len(b) >= unix.SizeofInotifyEvent; {
			size := int(binary.NativeEndian.Uint32(b[12:])) + unix.SizeofInotifyEvent
			w.add(strings.TrimRight(string(b[unix.SizeofInotifyEvent:size]), "\x00"))
			b = b[size:]
		}
	}
}

func (w *idWatch) add(name string) {
	if len(name) != 64 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, name)
}

// list returns every id so far; a nil watch knows none.
func (w *idWatch) list() []string {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.seen...)
}

func (w *idWatch) close() { w.f.Close() }
