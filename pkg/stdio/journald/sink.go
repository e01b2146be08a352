package journald

import (
	"bytes"
	"maps"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/stdio"
	"github.com/pouchcontainer/pouch/pkg/systemd"
)

// Fields of an entry beside the journal's own.
const (
	fieldID      = "CONTAINER_ID_FULL"
	fieldPartial = "CONTAINER_PARTIAL_MESSAGE" // true: the line goes on with the next entry
	fieldTime    = "SYSLOG_TIMESTAMP"          // RFC 3339 with nanoseconds; the journal's own time is later
)

// Sink is a stdio.Sink. The journal attributes the entries to the unit that the
// supervisor runs in.
type Sink struct{ fields map[string]string }

var _ stdio.Sink = (*Sink)(nil)

// Open makes a sink for the log of c, with its tag and attributes. A host without
// a journal fails with kind unsupported.
func Open(c *record.Container, tag string, attrs map[string]string) (*Sink, error) {
	if !systemd.HasJournal() {
		return nil, errs.New(errs.Unsupported, "--log-driver journald: %w", systemd.ErrNoJournal)
	}
	f := map[string]string{}
	for k, v := range attrs {
		if k = fieldName(k); k != "" && !own(k) && !speaksOfOthers(k) {
			f[k] = v
		}
	}
	f["CONTAINER_ID"], f[fieldID] = c.ID[:min(12, len(c.ID))], c.ID
	f["CONTAINER_NAME"], f["CONTAINER_TAG"], f["IMAGE_NAME"] = c.Name, tag, c.Image.Name
	f["SYSLOG_IDENTIFIER"] = tag
	return &Sink{f}, nil
}

// fieldName makes a name that the journal takes (systemd.journal-fields(7)):
// capital letters, digits and underscores, not beginning with one.
func fieldName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(s))
	return strings.TrimLeft(s, "_")
}

// speaksOfOthers reports whether the journal, which trusts root, takes a field for
// news of another process or unit: a label of an image must not be that.
func speaksOfOthers(name string) bool {
	switch name {
	case "OBJECT_PID", "UNIT", "USER_UNIT", "SYSLOG_FACILITY", "SYSLOG_PID", "MESSAGE_ID":
		return true
	}
	return strings.HasPrefix(name, "COREDUMP_")
}

// Send implements stdio.Sink: stderr has priority err, stdout info, as in docker.
func (s *Sink) Send(text []byte, stream string, at time.Time) error {
	f := make(map[string]string, len(s.fields)+2)
	maps.Copy(f, s.fields)
	f[fieldTime] = at.UTC().Format(time.RFC3339Nano)
	line, whole := bytes.CutSuffix(text, []byte{'\n'})
	if !whole {
		f[fieldPartial] = "true"
	}
	p := systemd.Info
	if stream == "stderr" {
		p = systemd.Err
	}
	return systemd.Journal(string(line), p, f)
}

// Close implements stdio.Sink.
func (s *Sink) Close() error { return nil }
