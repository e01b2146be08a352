package volume

import (
	"os"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestCheckTargets(t *testing.T) {
	root, host := t.TempDir(), t.TempDir()
	file(t, root+"/etc/f", "")
	file(t, host+"/f", "")
	must(t, os.Symlink("/etc", root+"/link"))
	bind := func(src, dst string) record.Mount {
		return record.Mount{Type: "bind", Source: src, Destination: dst}
	}
	for _, good := range [][]record.Mount{
		{bind(host, "/etc")},
		{bind(host+"/f", "/etc/f")},
		{bind(host+"/f", "/link/f")},
		{bind(host, "/new"), bind(host+"/f", "/new/f")},
		{{Type: "volume", Name: "vv", Destination: "/etc"}, bind(host, "/etc/f")},
		{{Type: "tmpfs", Destination: "/etc/f"}},
	} {
		if err := CheckTargets(good, root); err != nil {
			t.Errorf("%v: %v", good, err)
		}
	}
	for _, bad := range []record.Mount{bind(host, "/etc/f"), bind(host+"/f", "/etc"), bind(host, "/link/f")} {
		wantKind(t, CheckTargets([]record.Mount{bad}, root), errs.Invalid)
	}
}
