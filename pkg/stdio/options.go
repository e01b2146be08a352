package stdio

// LogOptions bound a json-file log.
type LogOptions struct {
	MaxSize  int64             // bytes of one file; negative: no limit
	MaxFile  int               // how many files are kept, the current one included; at least 1
	Compress bool              // rotated files are compressed
	Attrs    map[string]string // stand with every entry; docker's attrs
}

// DefaultLogOptions is 10 MiB in each of 3 files.
func DefaultLogOptions() LogOptions { return LogOptions{MaxSize: 10 << 20, MaxFile: 3} }
