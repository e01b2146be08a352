package container

import (
	"bufio"
	"context"
	"io"
	"path/filepath"
	"strconv"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/stdio"
)

// LogsOpts say what of a log is written.
type LogsOpts struct {
	Follow       bool // go on until the container ends
	Timestamps   bool // each line begins with its time, RFC 3339 with nanoseconds
	Tail         int  // the last entries only; negative: all
	Since, Until time.Time
}

// Logs writes what the container that target names has written, each stream to
// its like. It fails with kind not_found, or unsupported when the container
// keeps no log that can be read.
func (m *Manager) Logs(ctx context.Context, target string, o LogsOpts, stdout, stderr io.Writer) error {
	c, st, err := m.find(target)
	if err != nil {
		return err
	}
	path, err := m.logPath(c, st)
	if err != nil {
		return err
	}
	ro := stdio.ReadOptions{Since: o.Since, Until: o.Until, Tail: o.Tail, Follow: o.Follow && Alive(st)}
	if ro.Follow {
		ro.Ended = m.ended(ctx, c.ID)
	}
	p := newLogPrinter(o, stdout, stderr)
	for e, err := range stdio.ReadLog(ctx, path, ro) {
		if err == nil {
			err = p.print(e)
		}
		if err != nil {
			return err
		}
	}
	if err := p.flush(); err != nil {
		return err
	}
	return ctx.Err()
}

// logPath is where the container's log lies.
func (m *Manager) logPath(c *record.Container, st *record.State) (string, error) {
	switch {
	case c.Policy.Log.Driver == "none":
		return "", errs.New(errs.Unsupported, "container %s: configured logging driver does not support reading (--log-driver none)", c.Name)
	case st.LogPath != "":
		return st.LogPath, nil
	case c.Policy.Log.Driver != "" || st.Started.IsZero():
		return filepath.Join(m.Store.ContainerDir(c.ID), "container.log"), nil
	}
	return "", errs.New(errs.Unsupported, "container %s: configured logging driver does not support reading: it ran in the foreground and wrote to its caller (run it with -d or --log-driver json-file)", c.Name)
}

// ended returns a channel that closes when the container has ended for good.
func (m *Manager) ended(ctx context.Context, id string) <-chan struct{} {
	ch := make(chan struct{})
	go func() {
		defer close(ch)
		m.Wait(ctx, id)
	}()
	return ch
}

// logPrinter writes entries to the two streams.
type logPrinter struct {
	out, err *logStream
	stamp    bool
	at       *logStream // written last
	lazy     bool       // flush only when the stream changes
}

type logStream struct {
	w    *bufio.Writer
	open bool // inside a line
}

func newLogPrinter(o LogsOpts, stdout, stderr io.Writer) *logPrinter {
	return &logPrinter{
		out: &logStream{w: bufio.NewWriterSize(stdout, 64<<10)}, err: &logStream{w: bufio.NewWriterSize(stderr, 64<<10)},
		stamp: o.Timestamps, lazy: !o.Follow,
	}
}

// stampFormat is RFC 3339 with all nine digits, as docker writes it.
const stampFormat = "2006-01-02T15:04:05.000000000Z07:00"

func (p *logPrinter) print(e stdio.Entry) error {
	s := p.out
	if e.Stream == "stderr" {
		s = p.err
	}
	if p.at != nil && p.at != s { // keep the order where both go to one place
		if err := p.at.w.Flush(); err != nil {
			return err
		}
	}
	p.at = s
	if p.stamp && !s.open {
		s.w.WriteString(e.Time.UTC().Format(stampFormat))
		s.w.WriteByte(' ')
	}
	_, err := s.w.WriteString(e.Text)
	s.open = len(e.Text) == 0 || e.Text[len(e.Text)-1] != '\n'
	if err == nil && !p.lazy {
		err = s.w.Flush()
	}
	return err
}

func (p *logPrinter) flush() error {
	if err := p.out.w.Flush(); err != nil {
		return err
	}
	return p.err.w.Flush()
}

// ParseTime reads the point in time of --since and --until: RFC 3339 or a part
// of it, seconds since 1970 with a fraction, or a duration before now (1m30s).
// Empty is the zero time.
func ParseTime(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(s); err == nil {
		return now.Add(-d), nil
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && f >= 0 && f < 1e11 {
		sec := int64(f)
		return time.Unix(sec, int64((f-float64(sec))*1e9)), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01-02Z07:00"} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errs.New(errs.Invalid, "invalid time %q: want 2006-01-02T15:04:05Z, seconds since 1970, or a duration such as 10m", s)
}
