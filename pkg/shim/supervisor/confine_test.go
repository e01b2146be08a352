package supervisor

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestLabelOptions(t *testing.T) {
	id := strings.Repeat("ab", 32)
	level := "level:" + levelOf(id)
	for _, tc := range []struct {
		host record.Host
		want []string
	}{
		{record.Host{}, []string{level}},
		{record.Host{SELinux: []string{"type:x_t"}}, []string{level, "type:x_t"}},
		{record.Host{SELinux: []string{"level:s0:c1"}}, []string{"level:s0:c1"}},
		{record.Host{SELinux: []string{"disable"}}, []string{"disable"}},
		{record.Host{Privileged: true}, []string{"disable"}},
		{record.Host{PidMode: "host"}, []string{"disable"}},
	} {
		if got := labelOptions(&record.Container{ID: id, Host: tc.host}); !slices.Equal(got, tc.want) {
			t.Errorf("%+v: %v", tc.host, got)
		}
	}
}

func TestLabelledRoot(t *testing.T) {
	root := []mount.Mount{{Type: "overlay", Options: []string{"lowerdir=/a"}}, {Type: "bind", Source: "/b"}}
	got := labelled(root, "system_u:object_r:container_file_t:s0:c1,c2")
	if o := got[0].Options; len(o) != 2 || o[1] != `context="system_u:object_r:container_file_t:s0:c1,c2"` || len(got[1].Options) > 0 {
		t.Errorf("%+v", got)
	}
	if got = labelled(root, ""); len(got[0].Options) != 1 || len(root[0].Options) != 1 {
		t.Errorf("%+v of %+v", got, root)
	}
}

func TestLevels(t *testing.T) {
	seen := map[string]bool{}
	for i := range 1000 {
		l := levelOf(fmt.Sprint(i))
		var a, b int
		if n, err := fmt.Sscanf(l, "s0:c%d,c%d", &a, &b); n != 2 || err != nil || a >= b || b > 1023 {
			t.Fatalf("%d: %s", i, l)
		}
		seen[l] = true
	}
	if len(seen) < 990 {
		t.Errorf("only %d levels of 1000 differ", len(seen))
	}
}
