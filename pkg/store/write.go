package store

import (
	"bytes"
	"encoding/json"

	"github.com/pouchcontainer/pouch/pkg/codec"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// write replaces a record of a container, durably.
func write(path string, v any) error {
	data, err := indented(v)
	if err != nil {
		return err
	}
	return fsx.WriteFile(path, data, 0o600)
}

// writeVolatile replaces one without waiting for the disk.
func writeVolatile(path string, v any) error {
	data, err := indented(v)
	if err != nil {
		return err
	}
	return fsx.WriteVolatile(path, data, 0o600)
}

// createVolatile is fsx.CreateExclusiveVolatile of a record.
func createVolatile(path string, v any) error {
	data, err := indented(v)
	if err != nil {
		return err
	}
	return fsx.CreateExclusiveVolatile(path, data, 0o600)
}

// indented is the JSON of a record, for people to read, too. One that would be too
// large to be read again gives kind invalid.
func indented(v any) ([]byte, error) {
	data, err := codec.Marshal(v)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = json.Indent(&b, data, "", "  ")
	b.WriteByte('\n')
	if b.Len() > MaxRecord {
		return nil, errs.New(errs.Invalid, "%.1f MiB of variables, arguments and labels are over the limit of %d: give large data as a file (-v, --secret)",
			float64(b.Len())/(1<<20), MaxRecord>>20)
	}
	return b.Bytes(), err
}
