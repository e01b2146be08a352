package cmd

import (
	"fmt"
	"os"
)

// stdout is the standard output that remembers the first failed write: a verb
// whose result did not arrive has failed.
type stdout struct {
	w   *os.File
	err error
}

// Write implements io.Writer.
func (s *stdout) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if s.err == nil {
		s.err = err
	}
	return n, err
}

// Fd is the descriptor behind, for those who ask whether it is a terminal.
func (s *stdout) Fd() uintptr { return s.w.Fd() }

func (s *stdout) failed() error {
	if s.err == nil {
		return nil
	}
	return fmt.Errorf("write standard output: %w", s.err)
}
