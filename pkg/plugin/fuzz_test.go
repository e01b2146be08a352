package plugin

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// FuzzAnswered: a plugin's answer is an error, or what was asked for; no other status than
// 200 is success, and no empty failure is one.
func FuzzAnswered(f *testing.F) {
	f.Add(200, []byte(`{"Volume":{"Name":"v"},"Err":""}`))
	f.Add(200, []byte(`{"Err":"no"}`))
	f.Add(500, []byte("oops\nmore"))
	f.Add(404, []byte(`{"err":"x"}`))
	f.Add(200, []byte(`{"Err":7}`))
	f.Add(204, []byte("null"))
	f.Fuzz(func(t *testing.T, status int, data []byte) {
		var out struct{ Volume *struct{ Name string } }
		err := answered(status, data, &out)
		if err == nil && status != 200 {
			t.Fatalf("status %d with %q is fine", status, data)
		}
		if err != nil && err.Error() == "" {
			t.Fatalf("%q fails without a word", data)
		}
		if status == 404 && !strings.Contains(strings.ToLower(string(data)), "err") && !errs.Is(err, errs.Unsupported) {
			t.Fatalf("%v", err)
		}
	})
}

// FuzzFiles: a file that tells a plugin is of kind corrupt, or is one with an address to
// which a request can be made.
func FuzzFiles(f *testing.F) {
	for _, s := range []string{"unix:///run/x.sock\n", "tcp://h:1", "http://h", "unix://h/x", "unix:x", "://", "tcp://[::1", "http://a b/", "http://u:p@h/%zz", `{"Addr":"https://h","TLSConfig":{}}`, `{"Addr":7}`, "{"} {
		f.Add([]byte(s))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		if strings.Contains(strings.ToLower(string(text)), "file") {
			return // it names certificates of this host
		}
		for _, kind := range kinds()[1:] {
			path := filepath.Join(dir, "x"+kind.ext)
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			p, err := kind.open("x", path)
			if err != nil {
				if !errs.Is(err, errs.Corrupt) {
					t.Fatalf("kind of %v", err)
				}
				continue
			}
			if !strings.HasPrefix(p.base, "http") || !strings.HasSuffix(p.base, "/") {
				t.Fatalf("%q is reached at %q", text, p.base)
			}
		}
	})
}
