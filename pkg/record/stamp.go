package record

import "time"

// Stamp is a moment as docker's inspect has it: RFC 3339 in a template, too, which
// date(1) reads and time.Time's own form is not.
type Stamp struct{ time.Time }

// String implements fmt.Stringer.
func (s Stamp) String() string { return s.Format(time.RFC3339Nano) }
