package container

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctrd"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/quota"
	"github.com/pouchcontainer/pouch/pkg/quota/quotatest"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// withMounts is a container with two volumes, a bind and a tmpfs.
func withMounts(t *testing.T, id int64, rules ...string) *record.Container {
	t.Helper()
	list, err := parse.DiskQuotas(rules)
	if err != nil {
		t.Fatal(err)
	}
	return &record.Container{
		ID: strings.Repeat("a", 64), Name: "c", DiskQuotas: list, QuotaID: id,
		Mounts: []record.Mount{
			{Type: "volume", Name: "one", Destination: "/v1"},
			{Type: "volume", Name: "two", Destination: "/v2/"},
			{Type: "bind", Source: "/", Destination: "/b"},
			{Type: "tmpfs", Destination: "/t"},
		},
	}
}

// groups writes which places have a project, and which share one: /+/v1 /v2.
func groups(c *record.Container) string {
	var order []uint32
	of := map[uint32][]string{}
	for _, p := range c.Projects {
		if of[p.ID] == nil {
			order = append(order, p.ID)
		}
		of[p.ID] = append(of[p.ID], p.Path)
	}
	var out []string
	for _, id := range order {
		out = append(out, strings.Join(of[id], "+"))
	}
	return strings.Join(out, " ")
}

// The table of PouchContainer's docs/features/pouch_with_diskquota.md.
func TestPlanProjects(t *testing.T) {
	quotatest.Each(t, func(t *testing.T, at string) {
		s, err := store.Open(at+"/l", at+"/r")
		if err != nil {
			t.Fatal(err)
		}
		m := Open(s, "")
		for _, c := range []struct {
			rules []string
			id    int64
			want  string
		}{
			{nil, 0, ""},
			{[]string{"10g"}, 0, "/+/v1+/v2"},
			{[]string{"10g"}, -1, "/+/v1+/v2"},
			{[]string{"/=10g"}, 0, "/"},
			{[]string{"/v1=10g"}, 0, "/v1"},
			{[]string{"/v1=10g"}, -1, "/v1"},
			{[]string{".*=10g"}, 0, "/ /v1 /v2"},
			{[]string{".*=10g"}, -1, "/+/v1+/v2"},
			{[]string{".*=10g"}, 1 << 24, "/+/v1+/v2"},
			{[]string{"/&/v1=10g"}, 0, "/+/v1"},
			{[]string{"/&/v1=10g"}, -1, "/+/v1"},
			{[]string{"/v.*=1g,/v2=2g"}, 0, "/v1 /v2"},
			{[]string{"/=1g,/v2=2g"}, 0, "/ /v2"},
		} {
			r := withMounts(t, c.id, c.rules...)
			if err := m.planProjects(r, nil); err != nil || groups(r) != c.want {
				t.Errorf("%q, id %d: %s, %v; want %s", c.rules, c.id, groups(r), err, c.want)
			}
			for _, p := range r.Projects {
				if c.id > 0 && p.ID != uint32(c.id) || c.id <= 0 && p.ID < quota.Containers {
					t.Errorf("%q: %+v", c.rules, p)
				}
			}
		}
		planAgain(t, m)
	})
}

// planAgain changes rules: what had a project keeps it; an upgrade gives a root that
// shares none a new one.
func planAgain(t *testing.T, m *Manager) {
	c := withMounts(t, 0, "/=1g,/v1=1g")
	if err := m.planProjects(c, nil); err != nil {
		t.Fatal(err)
	}
	old := c.Projects
	n := withMounts(t, 0, "/=2g,/v1=2g")
	if err := m.planProjects(n, old); err != nil || n.Projects[0].ID != old[0].ID || n.Projects[1].ID != old[1].ID || n.Projects[0].Size != 2<<30 {
		t.Errorf("update: %+v of %+v, %v", n.Projects, old, err)
	}
	u := withMounts(t, 0, "/=1g,/v1=1g")
	if err := m.planProjects(u, keptProjects(c)); err != nil || u.Projects[0].ID == old[0].ID || u.Projects[1].ID != old[1].ID {
		t.Errorf("upgrade: %+v of %+v, %v", u.Projects, old, err)
	}
	c = withMounts(t, 0, "1g")
	if err := m.planProjects(c, nil); err != nil {
		t.Fatal(err)
	}
	if kept := keptProjects(c); len(kept) != 3 {
		t.Errorf("an upgrade keeps of what is shared only %+v", kept)
	}
}

func TestPlanProjectsRefuses(t *testing.T) {
	quotatest.Each(t, func(t *testing.T, at string) {
		s, err := store.Open(at+"/l", at+"/r")
		if err != nil {
			t.Fatal(err)
		}
		m := Open(s, "")
		for _, c := range []struct {
			rules []string
			id    int64
			want  string
		}{
			{nil, -1, "no --disk-quota"},
			{[]string{"/=1g,/v1=1g"}, -1, "one rule"},
			{[]string{"/b=1g"}, 0, "folder of the host"},
			{[]string{"/t=1g"}, 0, "tmpfs"},
			{[]string{"/none=1g"}, 0, "no volume"},
			{[]string{"/&/b=1g"}, 0, "folder of the host"},
		} {
			err := m.planProjects(withMounts(t, c.id, c.rules...), nil)
			if !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q, id %d: %v", c.rules, c.id, err)
			}
		}
		r := withMounts(t, 0, "/=1g")
		r.Image.Rootfs = "/srv"
		if err := m.planProjects(r, nil); !errs.Is(err, errs.Invalid) {
			t.Errorf("a folder of the host as the root: %v", err)
		}
	})
}

func TestPlanProjectsUnsupported(t *testing.T) {
	quotatest.Apart(t)
	at := t.TempDir()
	if err := unix.Mount("tmpfs", at, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(at, unix.MNT_DETACH) // the namespace ends anyway
	s, err := store.Open(at+"/l", at+"/r")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []int64{0, -1, 1 << 25} {
		err := Open(s, "").planProjects(withMounts(t, id, "1g"), nil)
		if !errs.Is(err, errs.Unsupported) || !strings.Contains(err.Error(), "tmpfs at "+at) {
			t.Errorf("id %d: %v", id, err)
		}
	}
	if _, err := os.Stat(at + "/l"); err != nil {
		t.Error(err)
	}
}

func TestLayers(t *testing.T) {
	got := layers(ctrd.Rootfs{{Type: "overlay", Options: []string{"index=off", "workdir=/w", "upperdir=/u", "lowerdir=/l"}}})
	if strings.Join(got, " ") != "/w /u" {
		t.Error(got)
	}
	got = layers(ctrd.Rootfs{{Type: "overlay", Options: []string{"upperdir=/u", "workdir=/w"}}, {Type: "bind", Source: "/s"}})
	if strings.Join(got, " ") != "/w /u /s" {
		t.Error(got)
	}
}
