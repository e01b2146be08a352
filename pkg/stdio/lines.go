package stdio

import (
	"bytes"
	"time"
	"unicode/utf8"
)

// maxLine is where docker's log drivers split a line.
const maxLine = 16 << 10

// Lines splits one stream into the entries of a log. It is for one goroutine.
type Lines struct {
	log    Log
	stream string
	rest   []byte
}

// NewLines returns a writer for the stream of that name: stdout or stderr.
func NewLines(log Log, stream string) *Lines { return &Lines{log: log, stream: stream} }

// Write takes the next bytes; it does not fail.
func (w *Lines) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		room := maxLine - len(w.rest)
		i := bytes.IndexByte(p[:min(room, len(p))], '\n')
		switch {
		case i >= 0:
			w.emit(p[:i+1])
			p = p[i+1:]
		case len(p) < room:
			w.rest = append(w.rest, p...)
			p = nil
		default:
			w.rest = append(w.rest, p[:room]...)
			p = p[room:]
			w.split()
		}
	}
	return n, nil
}

func (w *Lines) put(p []byte) { w.log.Put(p, w.stream, time.Now()) }

func (w *Lines) emit(p []byte) {
	if len(w.rest) > 0 {
		p = append(w.rest, p...)
	}
	w.put(p)
	w.rest = w.rest[:0]
}

// split emits a full buffer and keeps back a character that is cut in two.
func (w *Lines) split() {
	cut := len(w.rest)
	for i := 1; i < utf8.UTFMax && i < cut; i++ {
		if utf8.RuneStart(w.rest[cut-i]) {
			if !utf8.FullRune(w.rest[cut-i:]) {
				cut -= i
			}
			break
		}
	}
	w.put(w.rest[:cut])
	w.rest = append(w.rest[:0], w.rest[cut:]...)
}

// Close emits what is left without a newline.
func (w *Lines) Close() error {
	if len(w.rest) > 0 {
		w.put(w.rest)
		w.rest = nil
	}
	return nil
}
