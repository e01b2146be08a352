package parse

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// maxIDMaps is how many lines a map may have: user_namespaces(7).
const maxIDMaps = 340

// IDMaps reads a map of ids, CONTAINER:HOST[:SIZE][,…]; a size that is not said
// is 1. Ranges that overlap, on either side, are invalid, and so is a map that
// has no id 0 in the container: its process 1 begins as root.
func IDMaps(s string) ([]record.IDMap, error) {
	var out []record.IDMap
	for item := range strings.SplitSeq(s, ",") {
		m, err := idMap(item)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, CheckIDMaps(out)
}

func idMap(s string) (record.IDMap, error) {
	f := strings.Split(s, ":")
	if len(f) == 2 {
		f = append(f, "1")
	}
	if len(f) != 3 {
		return record.IDMap{}, invalid("id map %q: write it as CONTAINER:HOST:SIZE", s)
	}
	var n [3]uint32
	for i, v := range f {
		u, err := strconv.ParseUint(v, 10, 32)
		if err != nil {
			return record.IDMap{}, invalid("id map %q: %q is no id", s, v)
		}
		n[i] = uint32(u)
	}
	return record.IDMap{Container: n[0], Host: n[1], Size: n[2]}, nil
}

// CheckIDMaps says what the kernel would refuse without a word.
func CheckIDMaps(maps []record.IDMap) error {
	if len(maps) > maxIDMaps {
		return invalid("id map: %d lines are more than the kernel takes (%d)", len(maps), maxIDMaps)
	}
	root := false
	for i, m := range maps {
		const last = 1<<32 - 2 // the last id stands for none
		if m.Size == 0 || uint64(m.Container)+uint64(m.Size)-1 > last || uint64(m.Host)+uint64(m.Size)-1 > last {
			return invalid("id map %d:%d:%d: the size is 0 or leads beyond the last id", m.Container, m.Host, m.Size)
		}
		root = root || m.Container == 0
		for _, o := range maps[:i] {
			if overlap(m.Container, m.Size, o.Container, o.Size) || overlap(m.Host, m.Size, o.Host, o.Size) {
				return invalid("id map %d:%d:%d overlaps with %d:%d:%d", m.Container, m.Host, m.Size, o.Container, o.Host, o.Size)
			}
		}
	}
	if !root {
		return invalid("id map: the container's id 0 is not mapped")
	}
	return nil
}

func overlap(a, an, b, bn uint32) bool {
	return uint64(a) < uint64(b)+uint64(bn) && uint64(b) < uint64(a)+uint64(an)
}

// Userns reads --userns: host, auto[:size=N], keep-id[:uid=N,gid=N],
// container:NAME or a map as IDMaps takes; private is auto. A namespace that only
// a path names is not among them: without a process in it nobody knows its ids.
func Userns(s string) (string, error) {
	kind, arg, has := strings.Cut(s, ":")
	switch {
	case s == "host", s == "auto":
		return s, nil
	case s == "private":
		return "auto", nil
	case s == "keep-id" || kind == "keep-id" && has:
		_, err := Settings("--userns keep-id", arg, "uid", "gid")
		return s, err
	case kind == "auto":
		_, err := Settings("--userns auto", arg, "size")
		return s, err
	case kind == "container" && has:
		return Namespace("userns", s)
	case !has || !isDigits(kind):
		return "", invalid("--userns %s: use host, auto[:size=N], keep-id[:uid=N,gid=N], container:NAME or a map CONTAINER:HOST:SIZE", s)
	}
	_, err := IDMaps(s)
	return s, err
}

func isDigits(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// Settings reads KEY=NUMBER[,…] with the given keys; an empty text has none.
func Settings(what, s string, keys ...string) (map[string]uint32, error) {
	out := map[string]uint32{}
	if s == "" {
		return out, nil
	}
	for f := range strings.SplitSeq(s, ",") {
		key, val, _ := strings.Cut(f, "=")
		n, err := strconv.ParseUint(val, 10, 31)
		if err != nil || !slices.Contains(keys, key) {
			return nil, invalid("%s: %q is none of %s=NUMBER", what, f, strings.Join(keys, "=NUMBER, "))
		}
		out[key] = uint32(n)
	}
	return out, nil
}
