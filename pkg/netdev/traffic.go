package netdev

import (
	"bytes"
	"os"
	"strconv"
	"strings"
)

// Traffic is what came in and went out over the links of the network namespace
// of process pid, but its loopback, in bytes: /proc/<pid>/net/dev (proc(5)).
func Traffic(pid int) (in, out uint64, err error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/net/dev")
	if err != nil {
		return 0, 0, err
	}
	in, out = traffic(b)
	return in, out, nil
}

// traffic reads lines of "NAME: RX-BYTES (7 more of them) TX-BYTES …".
func traffic(table []byte) (in, out uint64) {
	for line := range bytes.Lines(table) {
		name, rest, ok := strings.Cut(string(line), ":")
		f := strings.Fields(rest)
		if !ok || len(f) < 9 || strings.TrimSpace(name) == "lo" {
			continue
		}
		rx, err1 := strconv.ParseUint(f[0], 10, 64)
		tx, err2 := strconv.ParseUint(f[8], 10, 64)
		if err1 == nil && err2 == nil {
			in, out = in+rx, out+tx
		}
	}
	return in, out
}
