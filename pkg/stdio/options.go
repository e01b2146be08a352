package stdio

import (
	"strconv"

	"github.com/docker/go-units"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// LogOptions bound a json-file log.
type LogOptions struct {
	MaxSize int64 // bytes of one file; negative: no limit
	MaxFile int   // how many files are kept, the current one included; at least 1
}

// DefaultLogOptions is 10 MiB in each of 3 files.
func DefaultLogOptions() LogOptions { return LogOptions{MaxSize: 10 << 20, MaxFile: 3} }

// ParseLogOptions reads --log-opt of the json-file driver: max-size (10m; -1
// for no limit) and max-file. Any other option fails with kind invalid.
func ParseLogOptions(opts map[string]string) (LogOptions, error) {
	o := DefaultLogOptions()
	for k, v := range opts {
		var err error
		switch k {
		case "max-size":
			o.MaxSize, err = parseMaxSize(v)
		case "max-file":
			o.MaxFile, err = strconv.Atoi(v)
			if err == nil && o.MaxFile < 1 {
				err = strconv.ErrRange
			}
		default:
			return o, errs.New(errs.Invalid, "unknown log opt '%s' for json-file log driver", k)
		}
		if err != nil {
			return o, errs.New(errs.Invalid, "log option %s=%s: not a valid value", k, v)
		}
	}
	return o, nil
}

func parseMaxSize(v string) (int64, error) {
	if v == "-1" {
		return -1, nil
	}
	n, err := units.RAMInBytes(v)
	if err == nil && n <= 0 {
		err = strconv.ErrRange
	}
	return n, err
}
