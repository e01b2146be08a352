package network

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
)

// HostsEntry is a line of hosts(5).
type HostsEntry struct {
	Addr  netip.Addr
	Names []string
}

const (
	hostsBegin = "# begin: members of the networks\n"
	hostsEnd   = "# end: members of the networks\n"
)

// HostsFile returns old with the part that Pouch keeps replaced by entries; the
// rest stays as it is. It is pure.
func HostsFile(old []byte, entries []HostsEntry) []byte {
	before, rest, found := bytes.Cut(old, []byte(hostsBegin))
	var after []byte
	if found {
		_, after, _ = bytes.Cut(rest, []byte(hostsEnd))
	}
	var out bytes.Buffer
	out.Write(before)
	if n := len(before); n > 0 && before[n-1] != '\n' {
		out.WriteByte('\n')
	}
	if len(entries) > 0 {
		out.WriteString(hostsBegin)
		for _, e := range entries {
			fmt.Fprintf(&out, "%s\t%s\n", e.Addr, strings.Join(e.Names, " "))
		}
		out.WriteString(hostsEnd)
	}
	out.Write(after)
	return out.Bytes()
}
