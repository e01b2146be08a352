package container

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func hostIDs(pairs ...uint32) []record.IDMap {
	var out []record.IDMap
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, record.IDMap{Host: pairs[i], Size: pairs[i+1]})
	}
	return out
}

func TestFreeIDs(t *testing.T) {
	for _, tc := range []struct {
		ranges, used []record.IDMap
		size, want   uint32
		kind         errs.Kind
	}{
		{hostIDs(1000, 100), nil, 50, 1000, ""},
		{hostIDs(1000, 100), hostIDs(1000, 50), 50, 1050, ""},
		{hostIDs(1000, 100), hostIDs(1050, 50), 50, 1000, ""},
		{hostIDs(1000, 100), hostIDs(1060, 10, 1000, 10), 50, 1010, ""},
		{hostIDs(1000, 100), hostIDs(1060, 10, 1000, 11), 50, 0, errs.Unavailable},
		{hostIDs(1000, 100), hostIDs(990, 20), 50, 1010, ""},
		{hostIDs(1000, 100, 5000, 100), hostIDs(1000, 100), 100, 5000, ""},
		{hostIDs(1000, 100), nil, 101, 0, errs.Unavailable},
		{hostIDs(1000, 100), nil, 0, 0, errs.Unavailable},
		{hostIDs(0xfffffff0, 10), hostIDs(0xfffffff0, 5), 5, 0xfffffff5, ""},
	} {
		got, err := free(tc.ranges, tc.used, tc.size)
		if got != tc.want || (tc.kind == "") != (err == nil) || err != nil && !errs.Is(err, tc.kind) {
			t.Errorf("%v of %v, used %v: %d, %v", tc.size, tc.ranges, tc.used, got, err)
		}
	}
}

func TestSubIDs(t *testing.T) {
	text := "user:100000:65536\npouch:200000:65536\nbroken\npouch:x:1\npouch:0:5\npouch:4294967290:100\npouch:300000:10\n"
	if got := subIDs(text, "pouch"); !reflect.DeepEqual(got, hostIDs(200000, 65536, 300000, 10)) {
		t.Errorf("%v", got)
	}
}

func TestKeeping(t *testing.T) {
	for _, tc := range [][2]uint32{{0, 10}, {5, 10}, {9, 10}} {
		maps := keeping(1000, tc[1], tc[0], 77)
		if err := parse.CheckIDMaps(maps); err != nil {
			t.Errorf("%v: %v", tc, err)
		}
		n := uint32(0)
		for _, m := range maps {
			n += m.Size
			if m.Container == tc[0] && m.Host != 77 {
				t.Errorf("%v: %v", tc, maps)
			}
		}
		if n != tc[1] {
			t.Errorf("%v maps %d ids", maps, n)
		}
	}
}

// What other containers have is not given again, whatever their state.
func TestAutoIDsAreOnesOwn(t *testing.T) {
	w := newWorld(t)
	seen := map[uint32]bool{}
	for i := range 5 {
		h := record.Host{UsernsMode: "auto:size=1000"}
		if err := w.autoUserns(&h, "size=1000"); err != nil {
			t.Fatal(err)
		}
		if seen[h.UIDMap[0].Host] || h.UIDMap[0].Size != 1000 {
			t.Errorf("%v again", h.UIDMap)
		}
		seen[h.UIDMap[0].Host] = true
		w.add(fmt.Sprintf("c%d", i), record.State{Status: record.Exited}, func(c *record.Container) { c.Host = h })
	}
}

func TestKeepIDNeedsAUser(t *testing.T) {
	w := newWorld(t)
	t.Setenv("SUDO_GID", "1000")
	for _, uid := range []string{"", "0", "x", "-1"} {
		t.Setenv("SUDO_UID", uid)
		if err := w.keepID(&record.Container{}, "", ""); !errs.Is(err, errs.Invalid) {
			t.Errorf("SUDO_UID=%q: %v", uid, err)
		}
	}
	t.Setenv("SUDO_UID", "1000")
	c := &record.Container{Process: record.Process{User: "www-data"}} // the image's
	if err := w.keepID(c, "", ""); err != nil || c.Process.User != "1000:1000" {
		t.Errorf("%v, user %q", err, c.Process.User)
	}
	c.Process.User = "7"
	if err := w.keepID(c, "7", ""); err != nil || c.Process.User != "7" {
		t.Errorf("%v, user %q", err, c.Process.User)
	}
}
