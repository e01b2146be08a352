package imageref

import (
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

func TestNormalize(t *testing.T) {
	d := "sha256:" + strings.Repeat("a", 64)
	for in, want := range map[string]string{
		"busybox":                     "docker.io/library/busybox:latest",
		"busybox:1":                   "docker.io/library/busybox:1",
		"me/app":                      "docker.io/me/app:latest",
		"localhost/app":               "localhost/app:latest",
		"localhost:5000/a/b:v":        "localhost:5000/a/b:v",
		"index.docker.io/library/x:1": "docker.io/library/x:1",
		"busybox@" + d:                "docker.io/library/busybox@" + d,
		"busybox:1@" + d:              "docker.io/library/busybox@" + d,
		"[::1]:5000/x":                "[::1]:5000/x:latest",
	} {
		got, err := Normalize(in)
		if err != nil || got != want {
			t.Errorf("Normalize(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"", "BAD:1", "a b", "x:", "x:..", "../x", "x@sha256:12", strings.Repeat("a", 64), "x:-a", "a//b"} {
		if got, err := Normalize(in); !errs.Is(err, errs.Invalid) {
			t.Errorf("Normalize(%q) = %q, %v; want kind invalid", in, got, err)
		}
	}
}

func TestFamiliarAndSplit(t *testing.T) {
	if got := Familiar("docker.io/library/busybox:1"); got != "busybox:1" {
		t.Errorf("Familiar = %q", got)
	}
	p, err := Split("127.0.0.1:5000/x:v1")
	if err != nil || p.Domain != "127.0.0.1:5000" || p.Repository != "127.0.0.1:5000/x" || p.Tag != "v1" || p.Digest != "" {
		t.Errorf("Split = %+v, %v", p, err)
	}
}

func TestIDPrefix(t *testing.T) {
	for in, want := range map[string]string{
		"abcd": "abcd", "abc": "", "sha256:abcd12": "abcd12", "ABCD": "", "wxyz": "", strings.Repeat("a", 65): "",
	} {
		if got := IDPrefix(in); got != want {
			t.Errorf("IDPrefix(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	f.Add("busybox:1")
	f.Fuzz(func(t *testing.T, s string) {
		full, err := Normalize(s)
		if err != nil {
			return
		}
		if again, err := Normalize(full); err != nil || again != full {
			t.Fatalf("%q -> %q -> %q, %v", s, full, again, err)
		}
		if back, err := Normalize(Familiar(full)); err != nil || back != full {
			t.Fatalf("%q: familiar %q -> %q, %v", full, Familiar(full), back, err)
		}
	})
}
