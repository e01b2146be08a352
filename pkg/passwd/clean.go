package passwd

import (
	"bytes"
	"strconv"
)

// clean drops the lines whose ids, at the given fields, are no numbers: comments
// and broken entries. moby/sys/user takes such an id for 0, which is root
// (passwd(5), group(5)).
func clean(data []byte, fields ...int) []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(data) {
		line = bytes.TrimSpace(line)
		f := bytes.Split(line, []byte(":"))
		if len(line) > 0 && line[0] != '#' && numbers(f, fields) {
			out.Write(line)
			out.WriteByte('\n')
		}
	}
	return out.Bytes()
}

func numbers(f [][]byte, at []int) bool {
	for _, i := range at {
		if i >= len(f) {
			return false
		}
		if _, err := strconv.Atoi(string(f[i])); err != nil {
			return false
		}
	}
	return true
}
