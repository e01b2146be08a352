package stdio

import (
	"io"
	"time"
)

// Log takes the entries of a container's log. It may be used by several
// goroutines at once.
type Log interface {
	// Put takes an entry, which the log does not keep hold of; text is as in Entry.
	// It does not fail: what cannot be kept is counted.
	Put(text []byte, stream string, at time.Time)
	// Dropped tells how many entries were lost so far.
	Dropped() uint64
	// Close writes what is left, for some seconds at most. Entries that come later
	// are lost.
	io.Closer
}
