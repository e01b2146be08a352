package store

import "path/filepath"

// EventsPath is the log of pkg/events.
func (s *Store) EventsPath() string { return filepath.Join(s.RunRoot, "events.jsonl") }
