package registry

import (
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

func TestReadSyncFile(t *testing.T) {
	got, err := readSyncFile(strings.NewReader("quay.io:\n  tls-verify: false\n  credentials: {username: u, password: p}\n  images:\n    a/b: []\n    c: [1.0, latest]\n"))
	r := got["quay.io"]
	if err != nil || len(r.Images) != 2 || r.Images["c"][0] != "1.0" || r.options(Options{}).Creds != "u:p" || *r.TLSVerify {
		t.Errorf("%+v %v", got, err)
	}
	for text, kind := range map[string]errs.Kind{
		"x: [": errs.Invalid, "quay.io:\n  image: {}\n": errs.Invalid, "quay.io:\n  images-by-tag-regex: {a: '('}\n": errs.Invalid,
		"quay.io:\n  images-by-semver: {a: '>1'}\n": errs.Unsupported, strings.Repeat("#", maxSyncFile+1): errs.Invalid,
	} {
		if _, err := readSyncFile(strings.NewReader(text)); !errs.Is(err, kind) {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}

// FuzzReadSyncFile: whatever comes, it is read or refused with a reason.
func FuzzReadSyncFile(f *testing.F) {
	f.Add("quay.io:\n  images:\n    a/b: [latest]\n")
	f.Add("a: &a [*a]\n")
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := readSyncFile(strings.NewReader(s)); err != nil && errs.KindOf(err) == errs.Internal {
			t.Error(err)
		}
	})
}
