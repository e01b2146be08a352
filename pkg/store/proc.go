package store

import "github.com/pouchcontainer/pouch/pkg/record"

// ReadProc reads a file that holds a record.Proc.
func (s *Store) ReadProc(path string) (record.Proc, error) {
	var p record.Proc
	return p, readJSON(path, &p)
}
