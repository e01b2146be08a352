package journald

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/stdio"
)

// program reads the journal.
const program = "journalctl"

// maxEntry bounds one entry of the program's output, in bytes: 16 KiB of text, as
// a list of numbers, and fields.
const maxEntry = 1 << 20

// errStop says that the consumer wants no more.
var errStop = errors.New("stop")

// Read yields the entries of container id, oldest first, as stdio.ReadLog does
// for a json-file log. It fails with kind unsupported on a host without
// journalctl.
func Read(ctx context.Context, id string, o stdio.ReadOptions) iter.Seq2[stdio.Entry, error] {
	return func(yield func(stdio.Entry, error) bool) {
		r := &reader{id: id, o: o, yield: yield}
		if err := r.read(ctx); err != nil && !errors.Is(err, errStop) && ctx.Err() == nil {
			yield(stdio.Entry{}, err)
		}
	}
}

type reader struct {
	id     string
	o      stdio.ReadOptions
	yield  func(stdio.Entry, error) bool
	path   string // of the program
	cursor string // of the last entry; empty: none came

	last []stdio.Entry // with counts: the newest so far
}

func (r *reader) read(ctx context.Context) (err error) {
	if r.path, err = exec.LookPath(program); err != nil {
		return errs.New(errs.Unsupported, "the journal is read with %s, which is not there: install systemd's", program)
	}
	if r.o.Follow {
		begun := time.Now()
		if err := r.follow(ctx); err != nil {
			return err
		}
		if r.cursor == "" && r.o.Tail >= 0 && r.o.Since.Before(begun) {
			r.o.Since = begun
		}
		r.o.Tail = -1
	}
	// What was written last may be in the journal's socket, not yet in its files.
	exec.CommandContext(ctx, r.path, "--sync").Run() //nolint:errcheck // then the newest entries are missing
	if err := r.run(ctx); err != nil {
		return err
	}
	return r.rest()
}

// follow yields what there is and what comes until the container has ended.
func (r *reader) follow(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		var until <-chan time.Time
		if !r.o.Until.IsZero() {
			until = time.After(time.Until(r.o.Until))
		}
		select {
		case <-r.o.Ended:
		case <-until:
		case <-ctx.Done():
		}
		stop()
	}()
	err := r.run(ctx, "--follow")
	if ctx.Err() != nil && !errors.Is(err, errStop) {
		return nil // the program was told to end
	}
	return err
}

// run runs the program to its end.
func (r *reader) run(ctx context.Context, more ...string) error {
	cmd := exec.CommandContext(ctx, r.path, append(r.args(), more...)...)
	var words tail
	cmd.Stderr = &words
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	serr := r.scan(out)
	if serr != nil {
		cmd.Process.Kill()
	}
	err = cmd.Wait()
	switch {
	case serr != nil:
		return serr
	case err != nil && ctx.Err() == nil:
		return fmt.Errorf("%s: %w: %s", program, err, words)
	}
	return nil
}

// args choose the container's entries (journalctl(1)). Every user may write entries with
// its id, which is no secret; whose they are the journal itself notes (_UID,
// systemd.journal-fields(7), "Trusted Journal Fields"): the supervisor's user is this one.
func (r *reader) args() []string {
	args := []string{"--output=json", "--all", "--no-pager", "--quiet"}
	if r.cursor != "" {
		args = append(args, "--after-cursor="+r.cursor)
	} else if !r.o.Since.IsZero() {
		args = append(args, "--since=@"+seconds(r.o.Since.Add(-lag)))
	}
	if !r.o.Until.IsZero() {
		args = append(args, "--until=@"+seconds(r.o.Until.Add(lag)))
	}
	if r.o.Tail < 0 || r.counts() {
		args = append(args, "--lines=all")
	} else {
		args = append(args, "--lines="+strconv.Itoa(r.o.Tail))
	}
	return append(args, fieldID+"="+r.id, "_UID="+strconv.Itoa(os.Geteuid()))
}

// lag is how much later than the container wrote it the journal may have got an
// entry: its own time selects roughly, the container's exactly.
const lag = 10 * time.Second

func seconds(t time.Time) string {
	return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1000)
}

func (r *reader) scan(out io.Reader) error {
	s := bufio.NewScanner(out)
	s.Buffer(make([]byte, 64<<10), maxEntry)
	for s.Scan() {
		e, cursor, ok := parse(s.Bytes())
		if !ok {
			continue // half a line of a program that was told to end
		}
		r.cursor = cursor
		if !r.o.Since.IsZero() && e.Time.Before(r.o.Since) {
			continue
		}
		if !r.o.Until.IsZero() && e.Time.After(r.o.Until) {
			continue
		}
		if r.counts() {
			r.last = append(r.last, e)
			if over := len(r.last) - r.o.Tail; over >= 1000 || over > 0 && over >= r.o.Tail {
				r.last = append([]stdio.Entry(nil), r.last[over:]...)
			}
			continue
		}
		if !r.yield(e, nil) {
			return errStop
		}
	}
	return s.Err()
}

// counts reports whether the last entries are counted here: the journal's own time,
// by which it selects, is later than the container's.
func (r *reader) counts() bool { return r.o.Tail >= 0 && !r.o.Until.IsZero() && !r.o.Follow }

// rest yields those that were counted.
func (r *reader) rest() error {
	for _, e := range r.last[max(0, len(r.last)-max(0, r.o.Tail)):] {
		if !r.yield(e, nil) {
			return errStop
		}
	}
	return nil
}

// tail keeps the beginning of what the program complains of.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	const most = 1000
	t.b = append(t.b, p[:min(len(p), most-len(t.b))]...)
	return len(p), nil
}

func (t tail) String() string { return string(t.b) }
