// Package errs gives every error of Pouch a kind. One table turns the kind into
// an exit code, an HTTP status and the word that stands in JSON.
package errs

import (
	"errors"
	"fmt"
)

// Kind says what sort of failure an error is; the word itself is the one that
// JSON output carries.
type Kind string

// The kinds. Internal is what an error without a kind counts as.
const (
	Invalid       Kind = "invalid"         // the caller's words: a flag, a name, a reference
	NotFound      Kind = "not_found"       // no such object
	Conflict      Kind = "conflict"        // the name, port or address is taken
	InUse         Kind = "in_use"          // the object cannot go: somebody uses it
	Denied        Kind = "denied"          // not allowed: rights, credentials, policy
	Unavailable   Kind = "unavailable"     // try again: the engine is down, a lock or a pull timed out
	Corrupt       Kind = "corrupt"         // a record or a blob is not what it should be
	NotExecutable Kind = "not_executable"  // the command was found and cannot be executed
	NoCommand     Kind = "no_such_command" // the command was not found in the container
	Unsupported   Kind = "unsupported"     // this host or kernel cannot do it
	Internal      Kind = "internal"        // everything else
)

type row struct{ exit, http int }

func (k Kind) row() row {
	switch k {
	case Invalid:
		return row{1, 400}
	case NotFound:
		return row{1, 404}
	case Conflict, InUse:
		return row{1, 409}
	case Denied:
		return row{1, 403}
	case Unavailable:
		return row{1, 503}
	case NotExecutable:
		return row{126, 400}
	case NoCommand:
		return row{127, 400}
	case Unsupported:
		return row{1, 501}
	case Corrupt, Internal:
		return row{1, 500}
	}
	return row{1, 500}
}

// Exit returns the exit code of the kind for verbs other than run, create and
// exec, which use 125 where this table says 1.
func (k Kind) Exit() int { return k.row().exit }

// HTTP returns the status of the kind in pouchd's API.
func (k Kind) HTTP() int { return k.row().http }

// Error is an error with a kind.
type Error struct {
	Kind Kind
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the error without its kind.
func (e *Error) Unwrap() error { return e.Err }

// New returns an error of kind k with a text made as by fmt.Errorf; %w wraps.
func New(k Kind, format string, args ...any) error {
	return &Error{Kind: k, Err: fmt.Errorf(format, args...)}
}

// KindOf returns the kind of the outermost *Error in err's chain, Internal if
// there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Is reports whether err has kind k.
func Is(err error, k Kind) bool { return err != nil && KindOf(err) == k }
