package network

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
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

// firstName is the first name of the first line that Pouch keeps in a hosts file;
// empty: there is none.
func firstName(text []byte) string {
	_, part, _ := bytes.Cut(text, []byte(hostsBegin))
	line, _, _ := bytes.Cut(part, []byte("\n"))
	if f := bytes.Fields(line); len(f) > 1 && line[0] != '#' {
		return string(f[1])
	}
	return ""
}

// namedFirst puts the host name to the front of a container's own lines: the first
// name is the canonical one, which hostname -f prints (hosts(5)). One with a domain
// comes before it and has its first part as a name, too.
func namedFirst(own []HostsEntry, host string) []HostsEntry {
	out := slices.Clone(own)
	for i, e := range out {
		at := slices.IndexFunc(e.Names, func(n string) bool { return strings.HasPrefix(n, host+".") })
		if at < 0 {
			at = slices.Index(e.Names, host)
		}
		if host == "" || at < 0 {
			continue
		}
		names := []string{e.Names[at]}
		rest := slices.Delete(slices.Clone(e.Names), at, at+1)
		if short, _, dotted := strings.Cut(names[0], "."); dotted && !slices.Contains(rest, short) {
			names = append(names, short)
		}
		out[i].Names = append(names, rest...)
	}
	return out
}
