package supervisor

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// logger writes lines to descriptor 2, which is /dev/null, a file, or the fifo
// that containerd reads. It never blocks and never fails: a full fifo loses the
// line.
type logger struct {
	id    string
	debug bool
}

// Write takes a line of libcontainer's logger.
func (l *logger) Write(p []byte) (int, error) {
	unix.Write(2, p) //nolint:errcheck // a line that cannot be told is lost
	return len(p), nil
}

func (l *logger) errorf(format string, args ...any) { l.line("error", format, args...) }

func (l *logger) debugf(format string, args ...any) {
	if l.debug {
		l.line("debug", format, args...)
	}
}

func (l *logger) line(level, format string, args ...any) {
	text := strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "; ")
	fmt.Fprintf(l, "time=%s level=%s id=%s msg=%q\n", time.Now().UTC().Format(time.RFC3339Nano), level, l.id, text)
}
