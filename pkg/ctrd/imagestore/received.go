package imagestore

import (
	"errors"
	"io"
)

// received calls each for everything that comes until the end.
func received[T any](next func() (T, error), each func(T)) error {
	for {
		r, err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		each(r)
	}
}
