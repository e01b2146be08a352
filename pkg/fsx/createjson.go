package fsx

import "os"

// CreateJSON is CreateExclusive of v as indented JSON.
func CreateJSON(path string, v any, mode os.FileMode) error {
	data, err := marshal(v)
	if err != nil {
		return err
	}
	return CreateExclusive(path, data, mode)
}
