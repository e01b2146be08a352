package imageref

import (
	"strings"
	"testing"

	"github.com/distribution/reference"
)

// asLibrary compares with the library whose grammar this is.
func asLibrary(t *testing.T, s string) {
	t.Helper()
	n, err := reference.ParseDockerRef(s)
	got, gerr := Split(s)
	if (err == nil) != (gerr == nil) {
		t.Errorf("%q: %v, the library: %v", s, gerr, err)
	}
	if err != nil || gerr != nil {
		return
	}
	want := Parts{Domain: reference.Domain(n), Repository: reference.FamiliarName(n), Name: n.Name()}
	if x, ok := n.(reference.Tagged); ok {
		want.Tag = x.Tag()
	}
	if x, ok := n.(reference.Digested); ok {
		want.Digest = x.Digest().String()
	}
	full, _ := Normalize(s)
	if got != want || full != n.String() || Familiar(full) != reference.FamiliarString(n) {
		t.Errorf("%q: %+v, %q, %q, the library: %+v, %q, %q", s, got, full, Familiar(full), want, n.String(), reference.FamiliarString(n))
	}
	for _, pattern := range []string{"*", "busybox*", "*/*", "*:latest", "[", s} {
		a, aerr := Match(pattern, full)
		b, berr := reference.FamiliarMatch(pattern, n)
		if a != b || (aerr == nil) != (berr == nil) {
			t.Errorf("%q with %q: %v %v, the library: %v %v", s, pattern, a, aerr, b, berr)
		}
	}
}

func samples() []string {
	d := "@sha256:" + strings.Repeat("a", 64)
	parts := []string{
		"", "a", "a.b", "a_b", "a__b", "a___b", "a--b", "a-", "-a", ".a", "a..b", "a.-b", "A", "aB", "é", "localhost", "docker.io", "index.docker.io",
		"library", "a.b_c", "x:5", "x:", "x:a", "h.com:5000", "[::1]", "[::1]:5", "[::g]", "[]", "a.com.", "1.2.3.4:80", "a b", "x:5:6", strings.Repeat("a", 64),
		strings.Repeat("0", 63), "x@y", "..", "a:0_-.", "a:" + strings.Repeat("t", 129), strings.Repeat("p", 256),
	}
	ends := []string{"", ":v1", ":", ":-", d, ":v" + d, "@", "@sha256:", "@sha256:abc", "@md5:" + strings.Repeat("a", 32), "@SHA256:" + strings.Repeat("a", 64), d + "/x", ":a:b"}
	var out []string
	for _, a := range parts {
		for _, e := range ends {
			out = append(out, a+e)
			for _, b := range parts {
				out = append(out, a+"/"+b+e, a+"/"+b+"/c"+e)
			}
		}
	}
	return out
}

func TestAsLibrary(t *testing.T) {
	for _, s := range samples() {
		asLibrary(t, s)
	}
}

func FuzzAsLibrary(f *testing.F) {
	for _, s := range []string{"busybox", "h.com:1/a/b__c:v1", "[::1]:5/x@sha256:" + strings.Repeat("0", 64), "A/b", "a_b.c/d"} {
		f.Add(s)
	}
	f.Fuzz(asLibrary)
}
