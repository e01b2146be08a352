package network

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// The folder of a network's plugins is the one of its name, which leads nowhere else
// and is no pattern.
func TestConfBeside(t *testing.T) {
	dir := t.TempDir()
	for path, text := range map[string]string{
		"net.d/x.conflist": "", "net.d/star/p.conf": `{"type":"p"}`, "net.d/q.conf": `{"type":"q"}`, "r.conf": `{"type":"r"}`,
	} {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "net.d/x.conflist")
	for name, plugins := range map[string]int{"star": 2, "sta*": 1, "[": 1, "none": 1, ".": 0, "..": 0} {
		if err := os.WriteFile(path, []byte(`{"name":"`+name+`","plugins":[{"type":"a"}]}`), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := readConf(path)
		if plugins == 0 && !errs.Is(err, errs.Corrupt) || plugins > 0 && (err != nil || len(c.Plugins) != plugins) {
			t.Errorf("%q: %+v, %v; want %d plugins", name, c, err, plugins)
		}
	}
}

// What a plugin would read another way than Pouch is refused.
func TestConfSpelling(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.conflist")
	for _, text := range []string{
		`{"name":"n","Name":"m","plugins":[{"type":"a"}]}`, `{"NAME":"n","plugins":[{"type":"a"}]}`,
		`{"name":"n","Plugins":[{"type":"a"}]}`, `{"name":"n","type":"a","CNIVersion":"1.0.0"}`,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if c, err := readConf(path); !errs.Is(err, errs.Corrupt) {
			t.Errorf("%s: %+v, %v", text, c, err)
		}
	}
}
