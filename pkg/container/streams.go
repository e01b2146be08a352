package container

import (
	"os"
	"slices"
)

// attaches reports whether a list as that of --attach has stream.
func attaches(list []string, stream string) bool {
	return len(list) == 0 || slices.Contains(list, stream)
}

// only is s without the streams that attach does not name: stdin, stdout and
// stderr are its words, and an empty list is all three. done closes what stands
// in the place of the others.
func (s IO) only(attach []string) (out IO, done func(), err error) {
	if len(attach) == 0 {
		return s, func() {}, nil
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return s, nil, err
	}
	for _, f := range []struct {
		name string
		file **os.File
	}{{"stdin", &s.Stdin}, {"stdout", &s.Stdout}, {"stderr", &s.Stderr}} {
		if !attaches(attach, f.name) {
			*f.file = null
		}
	}
	s.partial = s.Stdout == null || s.Stderr == null
	return s, func() { null.Close() }, nil
}
