package journald

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/pkg/stdio"
)

// parse reads an entry of journalctl's JSON (journalctl(1), "json"): a field is a
// text, a list of bytes when it is not UTF-8, or a list when it is there twice.
func parse(line []byte) (e stdio.Entry, cursor string, ok bool) {
	var raw map[string]json.RawMessage
	if json.Unmarshal(line, &raw) != nil {
		return e, "", false
	}
	f := make(map[string]string, len(raw))
	for k, v := range raw {
		f[k] = value(v)
	}
	e.Text, e.Stream = f["MESSAGE"], "stdout"
	if f[fieldPartial] != "true" {
		e.Text += "\n"
	}
	if f["PRIORITY"] == "3" {
		e.Stream = "stderr"
	}
	var err error
	if e.Time, err = time.Parse(time.RFC3339Nano, f[fieldTime]); err != nil {
		us, err := strconv.ParseInt(f["__REALTIME_TIMESTAMP"], 10, 64)
		if err != nil {
			return e, "", false
		}
		e.Time = time.UnixMicro(us)
	}
	for k, v := range f {
		if strings.HasPrefix(k, "_") || own(k) {
			continue
		}
		if e.Attrs == nil {
			e.Attrs = map[string]string{}
		}
		e.Attrs[k] = v
	}
	return e, f["__CURSOR"], true
}

// own reports whether a field is of every entry.
func own(name string) bool {
	switch name {
	case "MESSAGE", "PRIORITY", "CONTAINER_ID", "CONTAINER_NAME", "CONTAINER_TAG", "IMAGE_NAME", "SYSLOG_IDENTIFIER", fieldID, fieldPartial, fieldTime:
		return true
	}
	return false
}

func value(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	var numbers []uint8
	var list []json.RawMessage
	if json.Unmarshal(v, &list) != nil {
		return ""
	}
	for _, x := range list {
		n, err := strconv.ParseUint(string(x), 10, 8)
		if err != nil {
			return value(list[0])
		}
		numbers = append(numbers, uint8(n))
	}
	return string(numbers)
}
