package supervisor

import (
	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/stdio"
	"github.com/pouchcontainer/pouch/pkg/stdio/journald"
	"github.com/pouchcontainer/pouch/pkg/stdio/logopt"
	"github.com/pouchcontainer/pouch/pkg/stdio/syslog"
)

// openLog opens the container's log by its driver. A server that is not there is
// no error: it is looked for as long as the container runs.
func (t *task) openLog(launch *ctl.Message) error {
	o, err := logopt.Of(t.rec)
	if err != nil {
		return err
	}
	var sink stdio.Sink
	switch o.Driver {
	case logopt.None, logopt.Passthrough:
		return nil
	case logopt.Journald:
		sink, err = journald.Open(t.rec, launch.LogTag, launch.LogAttrs)
	case logopt.Syslog:
		sink, err = syslog.New(o.Syslog, launch.LogTag)
	default:
		return t.openJSON(o, launch.LogAttrs)
	}
	if err == nil {
		t.logs.log = stdio.NewQueue(sink, t.queueOptions(o))
	}
	return err
}

// openJSON opens the json-file log.
func (t *task) openJSON(o *logopt.Options, attrs map[string]string) error {
	opts := o.JSON
	opts.Attrs = attrs
	file, err := stdio.OpenJSONLog(t.s.store.LogPath(t.id), opts)
	if err != nil {
		return err
	}
	t.logs.log, t.logs.onDisk = file, true
	if o.NonBlocking {
		t.logs.log = stdio.NewQueue(stdio.Delayed(file), t.queueOptions(o))
	}
	return nil
}

func (t *task) queueOptions(o *logopt.Options) stdio.QueueOptions {
	return stdio.QueueOptions{Limit: o.MaxBuffer, Block: !o.NonBlocking, Changed: t.logChanged}
}

// logChanged notes that the log driver fails, or works again.
func (t *task) logChanged(err error, _ uint64) {
	text := ""
	if err != nil {
		text = err.Error()
		t.s.log.errorf("log driver %s: %v; it is tried again", t.rec.Policy.Log.Driver, err)
	}
	t.logs.mu.Lock()
	t.logs.trouble = text
	t.logs.mu.Unlock()
	if _, phase := t.current(); phase == running || phase == restarting { // before that noteRunning will tell
		t.note(false, t.logInto)
	}
}

// logInto writes how the log driver does.
func (t *task) logInto(st *record.State) {
	st.LogError, st.LogDropped = "", 0
	if t.logs == nil || t.logs.log == nil {
		return
	}
	if t.logs.onDisk {
		st.LogPath = t.s.store.LogPath(t.id)
	}
	t.logs.mu.Lock()
	defer t.logs.mu.Unlock()
	st.LogError, st.LogDropped = t.logs.trouble, t.logs.log.Dropped()
}

// closeLog writes what is left, and notes what was lost.
func (t *task) closeLog() {
	l := t.logs.log
	if l == nil {
		return
	}
	l.Close() // what could not be written is counted
	if n := l.Dropped(); n > 0 {
		t.s.log.errorf("%d log entries were lost: the log could not be written", n)
		t.note(false, t.logInto)
	}
}
