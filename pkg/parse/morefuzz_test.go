package parse

import (
	"net"
	"strings"
	"testing"
	"time"
)

func FuzzTime(f *testing.F) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	fuzz(f, func(s string) (time.Time, error) { return Time(s, now) }, func(t *testing.T, in string, v time.Time) {
		if again, err := Time(in, now); err != nil || !again.Equal(v) || v.IsZero() != (in == "") && !strings.HasPrefix(in, "0001") {
			t.Fatalf("%q is %s, and then %s, %v", in, v, again, err)
		}
	}, "10m", "1767323045.5", "2026-01-02", "2026-01-02T03:04:05+02:00", "-2562047h47m16.854775808s", "0001-01-01T00:00:00Z")
}

func FuzzDetachKeys(f *testing.F) {
	fuzz(f, DetachKeys, func(t *testing.T, in string, v []byte) {
		if n := strings.Count(in, ","); in != "" && len(v) != n+1 || in == "" && v != nil {
			t.Fatalf("%q is %v", in, v)
		}
	}, "ctrl-p,ctrl-q", "DEL", "ctrl-@", "ctrl-\u212a")
}

func FuzzMAC(f *testing.F) {
	fuzz(f, MAC, func(t *testing.T, in, v string) {
		a, err := net.ParseMAC(v)
		if again, aerr := MAC(v); err != nil || aerr != nil || again != v || len(a) != 6 {
			t.Fatalf("%q is %q, %v, %v", in, v, err, aerr)
		}
	}, "02:42:ac:11:00:02", "0242.ac11.0002", "01-00-5e-00-00-01", "02:00:5e:10:00:00:00:01")
}

func FuzzRate(f *testing.F) {
	fuzz(f, Rate, func(t *testing.T, in string, v uint64) {
		if v < 8 || v > 1e15 {
			t.Fatalf("%q is %d", in, v)
		}
	}, "10mbit", "1.5g", "8", "1e15", "0x1p9", "1_0", ".5k", "kbit")
}

func FuzzBurst(f *testing.F) {
	fuzz(f, Burst, func(t *testing.T, in string, v uint64) {
		if v < 1500 || v > 1<<30 {
			t.Fatalf("%q is %d", in, v)
		}
	}, "1500", "1g", "32k")
}

func FuzzFilterWords(f *testing.F) {
	fuzz(f, func(s string) (map[string][]string, error) { return Filters([]string{s, s}) }, func(t *testing.T, in string, v map[string][]string) {
		for k, values := range v {
			if len(v) != 1 || len(values) != 2 || values[0] != values[1] || k != strings.ToLower(strings.TrimSpace(k)) {
				t.Fatalf("%q is %q", in, v)
			}
		}
	}, "label=a=b", "LABEL!=a", " k = v ")
}

// FuzzWords: what Words splits, written with quotes, is split the same again.
func FuzzWords(f *testing.F) {
	fuzz(f, Words, func(t *testing.T, in string, v []string) {
		var quoted []string
		for _, w := range v {
			quoted = append(quoted, "'"+strings.ReplaceAll(w, "'", `'"'"'`)+"'")
		}
		again, err := Words(strings.Join(quoted, "\t"))
		if err != nil || strings.Join(again, "\xff") != strings.Join(v, "\xff") || len(again) != len(v) {
			t.Fatalf("%q is %q, and that %q, %v", in, v, again, err)
		}
	}, `a "b c" d\ e`, `''`, `"\n\""`, `\`, "a\xffb")
}

func FuzzPairs(f *testing.F) {
	fuzz(f, Pairs, func(t *testing.T, in string, v [][2]string) {
		for _, p := range v {
			if p[0] == "" || strings.Contains(p[0], "=") {
				t.Fatalf("%q is %q", in, v)
			}
		}
	}, `a=b c="d e"`, "KEY some value", "a= b", `"a b"=c`, "0\t=' '")
}

func FuzzBlkio(f *testing.F) {
	fuzz(f, func(s string) (uint16, error) { return BlkioWeight(s) }, func(t *testing.T, in string, v uint16) {
		if v != 0 && (v < 10 || v > 1000) {
			t.Fatalf("%q is %d", in, v)
		}
	}, "10", "1000", "0", "65536")
}

func FuzzStorageOpt(f *testing.F) {
	fuzz(f, StorageOpt, nil, "size=10g", "size=", "inodes=5", "x=1")
}

func FuzzDestination(f *testing.F) {
	fuzz(f, Destination, func(t *testing.T, in, v string) {
		if again, err := Destination(v); err != nil || again != v {
			t.Fatalf("%q is %q, and that %q, %v", in, v, again, err)
		}
	}, "/a/../b", "/", "//x", "/a/")
}
