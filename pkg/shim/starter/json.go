package starter

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// podKey is the annotation by which CRI tells the pod of a container.
const podKey = "io.kubernetes.cri.sandbox-id"

// maxSpec bounds a bundle's config.json.
const maxSpec = 16 << 20

// podOf returns the pod that the OCI spec at path names in its annotations.
func podOf(path string) (string, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSpec))
	if err != nil {
		return "", err
	}
	if !bytes.Contains(b, []byte(podKey)) {
		return "", nil
	}
	s := &scanner{b: b}
	pod := ""
	s.object(func(key string) {
		if key != "annotations" {
			s.skip()
			return
		}
		s.object(func(key string) {
			if key == podKey {
				pod = s.text()
				return
			}
			s.skip()
		})
	})
	if s.bad {
		return "", errors.New(path + ": not an OCI spec")
	}
	return pod, nil
}

// scanner walks JSON (RFC 8259) that is not checked further than needed to find
// a value by its path.
type scanner struct {
	b   []byte
	bad bool
}

func (s *scanner) space() {
	for len(s.b) > 0 && (s.b[0] == ' ' || s.b[0] == '\t' || s.b[0] == '\n' || s.b[0] == '\r') {
		s.b = s.b[1:]
	}
}

// take takes c if it comes next.
func (s *scanner) take(c byte) bool {
	s.space()
	if len(s.b) == 0 || s.b[0] != c {
		return false
	}
	s.b = s.b[1:]
	return true
}

func (s *scanner) fail() {
	s.bad, s.b = true, nil
}

// object calls member for each key; it must take the value.
func (s *scanner) object(member func(key string)) {
	if !s.take('{') {
		s.fail()
		return
	}
	for first := true; !s.bad; first = false {
		if s.take('}') {
			return
		}
		if !first && !s.take(',') {
			s.fail()
			return
		}
		key := s.text()
		if !s.take(':') {
			s.fail()
			return
		}
		member(key)
	}
}

// text takes a string. Escapes stay as they are: neither a key nor an id that
// matters here has one.
func (s *scanner) text() string {
	if !s.take('"') {
		s.fail()
		return ""
	}
	for i := 0; i < len(s.b); i++ {
		switch s.b[i] {
		case '\\':
			i++
		case '"':
			out := string(s.b[:i])
			s.b = s.b[i+1:]
			return out
		}
	}
	s.fail()
	return ""
}

// skip takes any value.
func (s *scanner) skip() {
	s.space()
	if len(s.b) == 0 {
		s.fail()
		return
	}
	if s.b[0] == '"' {
		s.text()
		return
	}
	for depth := 0; len(s.b) > 0; {
		switch c := s.b[0]; c {
		case '"':
			s.text()
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return
			}
			depth--
			if depth == 0 {
				s.b = s.b[1:]
				return
			}
		case ',':
			if depth == 0 {
				return
			}
		}
		s.b = s.b[1:]
	}
	s.fail()
}
