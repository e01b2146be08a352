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

func TestParseTime(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for s, want := range map[string]time.Time{
		"":                          {},
		"90s":                       now.Add(-90 * time.Second),
		"1m30s":                     now.Add(-90 * time.Second),
		"1767323045":                time.Unix(1767323045, 0),
		"1767323045.5":              time.Unix(1767323045, 5e8),
		"2026-01-02T03:04:05Z":      now,
		"2026-01-02T05:04:05+02:00": now,
		"2026-01-02":                time.Date(2026, 1, 2, 0, 0, 0, 0, time.Local),
	} {
		if got, err := ParseTime(s, now); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"yesterday", "2026", "-1e99", "NaN", "1e400"} {
		if got, err := ParseTime(s, now); s != "2026" && !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
}
