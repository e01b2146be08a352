package parse

import (
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/record"
)

func FuzzIDMaps(f *testing.F) {
	fuzz(f, IDMaps, func(t *testing.T, in string, v []record.IDMap) {
		if err := CheckIDMaps(v); err != nil {
			t.Fatalf("%q is accepted: %v", in, err)
		}
	}, "0:1000:65536", "0:1:1,1:2:3", "0:4294967295:1", "0:0", "5:5:5")
}

func FuzzUserns(f *testing.F) {
	fuzz(f, Userns, nil, "auto:size=5", "keep-id:uid=1,gid=2", "container:ab", "host", "0:1:2")
}

func FuzzNamespace(f *testing.F) {
	read := func(s string) (string, error) { return Namespace("pid", s, "host") }
	fuzz(f, read, func(t *testing.T, in, v string) {
		if p, ok := strings.CutPrefix(v, "ns:"); ok && !strings.HasPrefix(p, "/") {
			t.Fatalf("%q is %q", in, v)
		}
	}, "host", "container:ab", "ns:/a/../b", "ns:a")
}

func FuzzContainerID(f *testing.F) {
	fuzz(f, ContainerID, func(t *testing.T, in, v string) {
		if v != in || len(v) != 64 {
			t.Fatalf("%q is %q", in, v)
		}
	}, strings.Repeat("ab", 32), strings.Repeat("AB", 32))
}
