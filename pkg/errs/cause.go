package errs

import "errors"

// Caused is an error with a word for its cause that programs rely on, where the
// kind does not tell enough: wrong-architecture, port-in-use.
type Caused struct { //nolint:errname // errs.Caused reads as an error of this package
	Cause string
	Err   error
}

func (e *Caused) Error() string { return e.Err.Error() }

// Unwrap returns the error without its cause.
func (e *Caused) Unwrap() error { return e.Err }

// WithCause gives err a cause; nil stays nil, and no cause changes nothing.
func WithCause(err error, cause string) error {
	if err == nil || cause == "" {
		return err
	}
	return &Caused{cause, err}
}

// CauseOf returns the outermost cause in err's chain, "" when there is none.
func CauseOf(err error) string {
	if e, ok := errors.AsType[*Caused](err); ok {
		return e.Cause
	}
	return ""
}
