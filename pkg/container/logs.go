package container

import (
	"bufio"
	"context"
	"io"
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/stdio"
	"github.com/pouchcontainer/pouch/pkg/stdio/journald"
	"github.com/pouchcontainer/pouch/pkg/stdio/logopt"
)

// LogsOpts say what of a log is written.
type LogsOpts struct {
	Follow       bool // go on until the container ends
	Timestamps   bool // each line begins with its time, RFC 3339 with nanoseconds
	Details      bool // then with its attributes
	Tail         int  // the last entries up to Until only; negative: all
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
	ro := stdio.ReadOptions{Since: o.Since, Until: o.Until, Tail: o.Tail, Follow: o.Follow && Alive(st)}
	entries, err := m.logReader(c, st)
	if err != nil {
		return err
	}
	if ro.Follow {
		ro.Ended = m.ended(ctx, c.ID)
	}
	p := newLogPrinter(o, stdout, stderr)
	for e, err := range entries(ctx, ro) {
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

// logReader is what reads the container's log.
func (m *Manager) logReader(c *record.Container, st *record.State) (func(context.Context, stdio.ReadOptions) iter.Seq2[stdio.Entry, error], error) {
	switch d := c.Policy.Log.Driver; {
	case d == logopt.Journald:
		return func(ctx context.Context, o stdio.ReadOptions) iter.Seq2[stdio.Entry, error] {
			return journald.Read(ctx, c.ID, o)
		}, nil
	case d != "" && d != logopt.JSONFile:
		why := "--log-driver " + d
		if st.LogError != "" {
			why += ", which fails: " + st.LogError
		}
		return nil, unreadable(c, why)
	case st.LogPath == "" && d == "" && !st.Started.IsZero():
		return nil, unreadable(c, "it ran in the foreground and wrote to its caller: run it with -d or --log-driver json-file")
	}
	path := st.LogPath
	if path == "" {
		path = m.Store.LogPath(c.ID)
	}
	return func(ctx context.Context, o stdio.ReadOptions) iter.Seq2[stdio.Entry, error] {
		return stdio.ReadLog(ctx, path, o)
	}, nil
}

// unreadable is docker's complaint about a log that is elsewhere.
func unreadable(c *record.Container, why string) error {
	return errs.New(errs.Unsupported, "container %s: configured logging driver does not support reading (%s)", c.Name, why)
}

// ended returns a channel that closes when the container has ended for good.
func (m *Manager) ended(ctx context.Context, id string) <-chan struct{} {
	ch := make(chan struct{})
	go func() {
		defer close(ch)
		m.Wait(ctx, id) //nolint:errcheck // one that is gone has ended
	}()
	return ch
}

// logPrinter writes entries to the two streams.
type logPrinter struct {
	out, err *logStream
	stamp    bool
	details  bool
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
		stamp: o.Timestamps, details: o.Details, lazy: !o.Follow,
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
	if p.details && !s.open {
		s.w.WriteString(details(e.Attrs))
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

// details writes attributes as docker does: KEY=VALUE, sorted, escaped as in a URL.
func details(attrs map[string]string) string {
	var out []string
	for k, v := range attrs {
		out = append(out, url.QueryEscape(k)+"="+url.QueryEscape(v))
	}
	slices.Sort(out)
	return strings.Join(out, ",")
}
