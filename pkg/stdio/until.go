package stdio

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// CopyUntil copies src to dst until the end of src or, without taking a byte
// more, until stop is called. src may be a blocking descriptor of somebody
// else's: it is polled and neither changed nor closed.
func CopyUntil(dst io.Writer, src *os.File) (done <-chan struct{}, stop func()) {
	ended := make(chan struct{})
	r, w, err := os.Pipe()
	if err != nil {
		close(ended)
		return ended, func() {}
	}
	go func() {
		defer close(ended)
		defer r.Close()
		copyPolled(dst, int(src.Fd()), int(r.Fd()))
	}()
	return ended, func() { w.Close() }
}

// copyPolled copies fd to dst until its end, an error, or a hang-up of quit.
func copyPolled(dst io.Writer, fd, quit int) {
	buf := make([]byte, 32<<10)
	for {
		p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}, {Fd: int32(quit), Events: unix.POLLIN}}
		_, err := unix.Poll(p, -1)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || p[1].Revents != 0 {
			return
		}
		n, err := unix.Read(fd, buf)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN) {
			continue
		}
		if err != nil || n == 0 {
			return
		}
		if _, err := dst.Write(buf[:n]); err != nil {
			return
		}
	}
}
