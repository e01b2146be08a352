package container

import (
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// FuzzFilters: a filter of ps is refused as invalid, or fits or does not, and the other way
// round for a label that is not to be there.
func FuzzFilters(f *testing.F) {
	for _, s := range []string{"name=^w", "name=[", "label=a=b", "label!=a", "status=dead", "exited=7", "publish=80-90/udp", "until=10m", "is-task=t", "ancestor=busybox@sha256:0", "before=x", "=", "volume=/d"} {
		f.Add(s)
	}
	c := &record.Container{ID: strings.Repeat("a", 64), Name: "web", Labels: record.Labels{"a": "b"}, Created: time.Unix(1_700_000_000, 0), Mounts: []record.Mount{{Destination: "/d"}}}
	st := &record.State{Status: record.Exited, ExitCode: 7, Ports: []record.Port{{HostPort: 80, ContainerPort: 80, Protocol: "tcp"}}}
	f.Fuzz(func(t *testing.T, word string) {
		filters, err := ParseFilters([]string{word})
		if err != nil {
			if !errs.Is(err, errs.Invalid) {
				t.Fatalf("kind of %v", err)
			}
			return
		}
		fits := filters.match(c, st)
		rest, is := strings.CutPrefix(word, "label=")
		if not, err := ParseFilters([]string{"label!=" + rest}); is && (err != nil || not.match(c, st) == fits) {
			t.Fatalf("%q: %v, and so is that it does not, %v", word, fits, err)
		}
	})
}

// FuzzSubIDs: of whatever subuid(5) says, the ids that are taken lie in a range of it, are
// nobody's yet, and root of the host is not among them.
func FuzzSubIDs(f *testing.F) {
	f.Add("pouch:100000:65536\nother:1:2\npouch:1:10\n", uint32(65536), uint32(100010), uint32(5))
	f.Add("pouch:0:5", uint32(1), uint32(0), uint32(0))
	f.Add("pouch:4294967295:1\npouch:4294967290:6\npouch:-1:7\n:::", uint32(5), uint32(1), uint32(4294967295))
	f.Fuzz(func(t *testing.T, text string, size, first, many uint32) {
		ranges := subIDs(text, "pouch")
		used := []record.IDMap{{Host: first, Size: many}}
		at, err := free(ranges, used, size)
		if err != nil {
			return
		}
		from, to, inside := uint64(at), uint64(at)+uint64(size), false
		for _, r := range ranges {
			inside = inside || from >= uint64(r.Host) && to <= uint64(r.Host)+uint64(r.Size)
		}
		if !inside || from == 0 || from < uint64(first)+uint64(many) && uint64(first) < to && many > 0 {
			t.Fatalf("%q, used %v: %d from %d on", text, used, size, at)
		}
	})
}
