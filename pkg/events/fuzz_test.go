package events

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// FuzzLines: whatever lies in the log, in pieces of whatever size, is passed over or is
// an event, and hides none that is written behind its line, nor, without a newline
// between, behind the beginning of a line that a full disk has cut.
func FuzzLines(f *testing.F) {
	f.Add([]byte(`{"time":"2026-01-02T03:04:05Z","Type":"container"}`), uint16(7), true)
	f.Add([]byte(`{"time":"2026-01-02T03:04:05Z","type":"conta`), uint16(1), false)
	f.Add([]byte("{\"time\":\n\x00\n\n{"), uint16(3), false)
	f.Add([]byte(`{"time":{"time":"`), uint16(100), false)
	f.Add(bytes.Repeat([]byte("x"), 2*maxLine+1), uint16(60000), true)
	want := record.Event{Time: time.Unix(1_700_000_000, 0).UTC(), Type: "volume", Action: "create", ID: "v", Attributes: record.Labels{"a": `{"time":"`}}
	line, err := json.Marshal(want)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, found []byte, piece uint16, ended bool) {
		data := bytes.Clone(found)
		if ended {
			data = append(data, '\n')
		} else if cut := data[bytes.LastIndexByte(data, '\n')+1:]; len(cut) >= maxLine {
			return // no writer's
		}
		data = append(append(data, line...), '\n')
		var got []record.Event
		r := &reader{yield: func(e *record.Event) error { got = append(got, *e); return nil }}
		tl := &tail{}
		for part := range pieces(data, int(piece)) {
			if err := tl.split(part, r.take); err != nil {
				t.Fatal(err)
			}
			if len(tl.buf) > 2*maxLine {
				t.Fatalf("%d bytes are kept of one line", len(tl.buf))
			}
		}
		if len(got) == 0 || !reflect.DeepEqual(got[len(got)-1], want) {
			t.Fatalf("the last event of %q is none of %+v", data, got)
		}
	})
}

// pieces are data in parts of at least 1 and at most n bytes.
func pieces(data []byte, n int) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(data) > 0 {
			k := min(max(n, 1), len(data))
			if !yield(data[:k]) {
				return
			}
			data = data[k:]
		}
	}
}
