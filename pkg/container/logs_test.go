package container

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

const logLines = `{"log":"one\n","stream":"stdout","time":"2026-01-01T00:00:01Z"}
{"log":"par","stream":"stdout","time":"2026-01-01T00:00:02Z"}
{"log":"oops\n","stream":"stderr","time":"2026-01-01T00:00:02.5Z"}
{"log":"tial\n","stream":"stdout","time":"2026-01-01T00:00:03Z"}
`

func (w *world) addLogged(name string, st record.State) *record.Container {
	c := w.add(name, st, func(c *record.Container) { c.Policy.Log.Driver = "json-file" })
	if err := os.WriteFile(filepath.Join(w.Store.ContainerDir(c.ID), "container.log"), []byte(logLines), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return c
}

func TestLogs(t *testing.T) {
	w := newWorld(t)
	w.addLogged("c1", record.State{Status: record.Exited, Started: time.Now()})
	at := func(s string) time.Time {
		tm, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return tm
	}
	for name, c := range map[string]struct {
		o        LogsOpts
		out, err string
	}{
		"all":   {LogsOpts{Tail: -1}, "one\npartial\n", "oops\n"},
		"stamp": {LogsOpts{Tail: -1, Timestamps: true}, "2026-01-01T00:00:01.000000000Z one\n2026-01-01T00:00:02.000000000Z partial\n", "2026-01-01T00:00:02.500000000Z oops\n"},
		"since": {LogsOpts{Tail: -1, Since: at("2026-01-01T00:00:02.2Z")}, "tial\n", "oops\n"},
		"until": {LogsOpts{Tail: -1, Until: at("2026-01-01T00:00:01Z")}, "one\n", ""},
		"none":  {LogsOpts{Tail: 0}, "", ""},
		"ended": {LogsOpts{Tail: -1, Follow: true}, "one\npartial\n", "oops\n"},
	} {
		var out, errOut bytes.Buffer
		if err := w.Logs(t.Context(), "c1", c.o, &out, &errOut); err != nil || out.String() != c.out || errOut.String() != c.err {
			t.Errorf("%s: %q, %q, %v", name, out.String(), errOut.String(), err)
		}
	}
}

func TestLogsFollow(t *testing.T) {
	w := newWorld(t)
	c := w.addLogged("c1", w.running(w.self()))
	path := filepath.Join(w.Store.ContainerDir(c.ID), "container.log")
	w.supervise(c.ID, func(conn *ctl.Conn) { // the container writes once more and ends
		conn.Recv()
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Error(err)
			return
		}
		f.WriteString(`{"log":"last\n","stream":"stdout","time":"2026-01-01T00:00:09Z"}` + "\n")
		f.Close()
		conn.Send(&ctl.Message{Op: ctl.Exited})
	})
	var out, errOut bytes.Buffer
	err := w.Logs(t.Context(), "c1", LogsOpts{Follow: true, Tail: -1}, &out, &errOut)
	if want := "one\npartial\nlast\n"; err != nil || out.String() != want {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestLogsRefused(t *testing.T) {
	w := newWorld(t)
	w.add("none", record.State{Status: record.Exited}, func(c *record.Container) { c.Policy.Log.Driver = "none" })
	w.add("front", record.State{Status: record.Exited, Started: time.Now()}, nil)
	w.add("created", record.State{Status: record.Created}, nil)
	for name, kind := range map[string]errs.Kind{"none": errs.Unsupported, "front": errs.Unsupported, "nosuch": errs.NotFound} {
		if err := w.Logs(t.Context(), name, LogsOpts{Tail: -1}, &bytes.Buffer{}, &bytes.Buffer{}); !errs.Is(err, kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var out bytes.Buffer
	if err := w.Logs(t.Context(), "created", LogsOpts{Tail: -1}, &out, &out); err != nil || out.Len() > 0 {
		t.Errorf("created: %q, %v", out.String(), err)
	}
}
