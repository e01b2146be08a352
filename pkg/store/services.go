package store

import "path/filepath"

// LxcfsNote is where it is written which lxcfs this run-root has.
func (s *Store) LxcfsNote() string { return filepath.Join(s.RunRoot, "lxcfs.json") }

// ResolverNote is where it is written which process answers a network's names; it
// lies beside the lock that this process holds.
func (s *Store) ResolverNote(network string) string {
	return filepath.Join(s.RunRoot, "locks", "dns-"+network+".pid")
}
