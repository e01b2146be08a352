package container

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestList(t *testing.T) {
	w := newWorld(t)
	w.add("web", w.running(w.self()), func(c *record.Container) {
		c.Labels = record.Labels{"tier": "front"}
		c.Mounts = []record.Mount{{Type: "volume", Name: "data", Destination: "/data"}}
	})
	w.add("db", record.State{Status: record.Exited, ExitCode: 3}, func(c *record.Container) {
		c.Labels = record.Labels{"tier": "back"}
		c.Networks = []record.Join{{Network: "backend"}}
		c.Image.Ref = "docker.io/me/db:latest"
	})
	w.add("new", record.State{Status: record.Created}, nil)
	w.add("webby", record.State{Status: record.Exited}, nil)
	for _, c := range []struct {
		all     bool
		last    int
		filters string
		want    string
	}{
		{want: "web"},
		{all: true, want: "webby new db web"},
		{last: 2, want: "webby new"},
		{filters: "status=exited", want: "webby db"},
		{filters: "status=exited status=created", want: "webby new db"},
		{filters: "exited=3", want: ""},
		{all: true, filters: "exited=3", want: "db"},
		{all: true, filters: "name=web", want: "webby web"},
		{all: true, filters: "name=^web$", want: "web"},
		{all: true, filters: "name=^/web$", want: "web"},
		{all: true, filters: "name=[", want: ""},
		{all: true, filters: "label=tier", want: "db web"},
		{all: true, filters: "label=tier=back", want: "db"},
		{all: true, filters: "label=tier label=nosuch", want: ""},
		{all: true, filters: "label=tier label=tier=back", want: "db"},
		{all: true, filters: "label!=tier=back label!=nosuch name=b", want: "webby web"},
		{all: true, filters: "until=2100-01-01 name=^web$", want: "web"},
		{all: true, filters: "until=2001-01-01", want: ""},
		{all: true, filters: "id=1", want: "web"},
		{all: true, filters: "ancestor=me/db", want: "db"},
		{all: true, filters: "ancestor=bb:1 name=web", want: "webby web"},
		{all: true, filters: "ancestor=bb", want: ""},
		{all: true, filters: "ancestor=eeeeeeeeeeee name=new", want: "new"},
		{all: true, filters: "network=backend", want: "db"},
		{all: true, filters: "volume=data", want: "web"},
		{all: true, filters: "volume=/data", want: "web"},
	} {
		f, err := ParseFilters(strings.Fields(c.filters))
		if err != nil {
			t.Fatal(err)
		}
		list, err := w.List(t.Context(), ListOpts{All: c.all, Last: c.last, Filters: f})
		var got []string
		for _, s := range list {
			got = append(got, s.Container.Name)
		}
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
}

func TestFilterErrors(t *testing.T) {
	for word, want := range map[string]string{
		"foo=bar":       "invalid filter 'foo': one of id, name, label, ",
		"status=foo":    "invalid filter 'status=foo': one of created, running, ",
		"exited=x":      "invalid filter 'exited=x': an exit code",
		"name":          `invalid filter "name": want key=value`,
		"sinc=c1":       "invalid filter 'sinc'",
		"health=fine":   "invalid filter 'health=fine': one of starting, healthy, ",
		"publish=80tcp": "invalid filter 'publish=80tcp': PORT",
	} {
		if _, err := ParseFilters([]string{word}); !errs.Is(err, errs.Invalid) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", word, err, want)
		}
	}
}

// A broken record is told by its path and hides no other container; a folder
// without a record, of a create that was killed, is passed over.
func TestListBrokenRecords(t *testing.T) {
	w := newWorld(t)
	bad := w.add("bad", w.running(w.self()), nil)
	w.add("good", w.running(w.self()), nil)
	half := w.add("half", record.State{Status: record.Creating}, nil)
	path := filepath.Join(w.Store.ContainerDir(bad.ID), "state.json")
	if err := os.Truncate(path, 20); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(w.Store.ContainerDir(half.ID), "config.json")); err != nil {
		t.Fatal(err)
	}
	var told []error
	list, err := w.List(t.Context(), ListOpts{All: true, Warn: func(err error) { told = append(told, err) }})
	if err != nil || len(list) != 1 || list[0].Container.Name != "good" {
		t.Errorf("%v, %v", list, err)
	}
	if len(told) != 1 || !errs.Is(told[0], errs.Corrupt) || !strings.Contains(told[0].Error(), path) {
		t.Errorf("told %v, want the path %s", told, path)
	}
}

func TestStatusText(t *testing.T) {
	now := time.Now()
	for want, st := range map[string]record.State{
		"Up 5 minutes":                      {Status: record.Running, Started: now.Add(-5 * time.Minute)},
		"Up Less than a second":             {Status: record.Running, Started: now},
		"Up About an hour (Paused)":         {Status: record.Paused, Started: now.Add(-time.Hour)},
		"Exited (137) 2 days ago":           {Status: record.Exited, ExitCode: 137, Finished: now.Add(-48 * time.Hour)},
		"Restarting (1) 10 seconds ago":     {Status: record.Restarting, ExitCode: 1, Finished: now.Add(-10 * time.Second)},
		"Created":                           {Status: record.Created},
		"Removal In Progress":               {Status: record.Removing},
		"Exited (0) Less than a second ago": {Status: record.Exited, Finished: now},
	} {
		if got := StatusText(&st, now); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestListByHealthPortsAndAge(t *testing.T) {
	w := newWorld(t)
	sick := w.running(w.self())
	sick.Health = &record.HealthState{Status: "unhealthy"}
	w.add("old", sick, func(c *record.Container) {
		c.Ports = []record.Port{{HostPort: 8080, ContainerPort: 80, Protocol: "tcp"}}
	})
	w.add("mid", w.running(w.self()), func(c *record.Container) { c.Image.Name = "zz" })
	w.add("end", record.State{Status: record.Exited, Health: &record.HealthState{Status: "unhealthy"}}, nil)
	for words, want := range map[string]string{
		"health=unhealthy": "old", "health=none": "end mid", "health=healthy": "", "expose=80": "old", "expose=70-90/tcp": "old",
		"expose=80/udp": "", "publish=8080": "", "before=mid": "old", "since=mid": "end", "since=old before=end": "mid",
		"is-task=false": "end mid old", "is-task=true": "",
	} {
		f, err := ParseFilters(strings.Fields(words))
		if err != nil {
			t.Fatal(err)
		}
		list, err := w.List(t.Context(), ListOpts{All: true, Filters: f})
		if got := listed(list); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", words, got, err, want)
		}
	}
	for order, want := range map[string]string{"": "end mid old", "created": "old mid end", "names": "end mid old", "image": "end old mid", "status": "end mid old"} {
		list, err := w.List(t.Context(), ListOpts{All: true, Sort: order})
		if got := listed(list); err != nil || got != want {
			t.Errorf("by %q: %q, %v", order, got, err)
		}
	}
	for _, bad := range []ListOpts{{Sort: "beauty"}, {Filters: Filters{"health": {"sick"}}}, {Filters: Filters{"publish": {"x"}}}, {Filters: Filters{"is-task": {"maybe"}}}} {
		if _, err := w.List(t.Context(), bad); !errs.Is(err, errs.Invalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if _, err := w.List(t.Context(), ListOpts{Filters: Filters{"before": {"nosuch"}}}); !errs.Is(err, errs.NotFound) {
		t.Errorf("%v", err)
	}
}

func listed(list []Summary) string {
	var out []string
	for _, s := range list {
		out = append(out, s.Container.Name)
	}
	return strings.Join(out, " ")
}

func TestStatusTellsHealth(t *testing.T) {
	st := &record.State{Status: record.Running, Started: time.Now().Add(-time.Hour)}
	for health, want := range map[string]string{"": "Up About an hour", "starting": "Up About an hour (health: starting)", "healthy": "Up About an hour (healthy)", "unhealthy": "Up About an hour (unhealthy)"} {
		if st.Health = nil; health != "" {
			st.Health = &record.HealthState{Status: health}
		}
		if got := StatusText(st, time.Now()); got != want {
			t.Errorf("%q: %s", health, got)
		}
	}
}
