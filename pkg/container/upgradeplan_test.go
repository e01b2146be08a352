package container

import (
	"fmt"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

func image(n string, labels record.Labels, env ...string) *images.Resolved {
	return &images.Resolved{
		Ref: "docker.io/library/app:" + n, Config: ocispec.Image{Config: ocispec.ImageConfig{
			Entrypoint: []string{"/entry" + n}, Cmd: []string{"cmd" + n}, Env: env, WorkingDir: "/w" + n, User: n, StopSignal: "SIGUSR" + n, Labels: labels,
			Volumes: map[string]struct{}{"/vol" + n: {}}, ExposedPorts: map[string]struct{}{"8" + n + "/tcp": {}},
		}},
		Health: &record.Health{Test: []string{"check" + n}, Shell: true},
	}
}

// What came from the old image is the new one's, what was given stays.
func TestPlanUpgrade(t *testing.T) {
	for _, c := range []struct {
		name string
		give func(*Options)
		do   UpgradeOpts
		want string // of the command line
	}{
		{"nothing given", func(*Options) {}, UpgradeOpts{}, "/entry2 cmd2"},
		{"own command", func(o *Options) { o.Process.Cmd = []string{"own"} }, UpgradeOpts{}, "/entry2 own"},
		{"new command", func(o *Options) { o.Process.Cmd = []string{"own"} }, UpgradeOpts{Cmd: []string{"new"}}, "/entry2 new"},
		{"own entrypoint", func(o *Options) { o.Process.EntrypointSet, o.Process.Entrypoint = true, []string{"mine"} }, UpgradeOpts{}, "mine"},
		{"no entrypoint", func(o *Options) { o.Process.EntrypointSet, o.Process.Cmd = true, []string{"own"} }, UpgradeOpts{}, "own"},
		{"new entrypoint", func(o *Options) { o.Process.Cmd = []string{"own"} }, UpgradeOpts{EntrypointSet: true, Entrypoint: []string{"new"}}, "new own"},
		{"all new", func(*Options) {}, UpgradeOpts{EntrypointSet: true, Entrypoint: []string{"new"}, Cmd: []string{"words"}}, "new words"},
	} {
		w := newWorld(t)
		o := &Options{
			Image: "app:1", Process: spec.Overrides{Env: []string{"OWN=x", "SHARED=own"}, Labels: record.Labels{"own": "y"}}, PublishAll: true,
			Mounts: []record.Mount{{Type: "volume", Name: "data", Destination: "/data"}},
		}
		c.give(o)
		old := &record.Container{ID: strings.Repeat("a", 64), Name: "app", Mounts: o.Mounts}
		if err := w.merge(old, o, image("1", record.Labels{"img": "1", "gone": "1"}, "IMG=1", "SHARED=1", "LOST=1")); err != nil {
			t.Fatal(err)
		}
		old.Labels["late"] = "z" // by update
		before := fmt.Sprintf("%+v", *old)
		do := c.do
		do.Image = "app:2"
		n, err := w.planUpgrade(old, image("2", record.Labels{"img": "2"}, "IMG=2", "SHARED=2"), do)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := strings.Join(n.Process.Args(), " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if got := fmt.Sprintf("%v %v %s %s %s %v", n.Process.Env, n.Labels, n.Process.Cwd, n.Process.User, n.Process.StopSignal, n.Health.Test); got !=
			"[IMG=2 SHARED=own OWN=x] map[img:2 late:z own:y] /w2 2 SIGUSR2 [check2]" {
			t.Errorf("%s: %s", c.name, got)
		}
		var places, ports []string
		for _, mt := range n.Mounts {
			places = append(places, mt.Destination)
		}
		for _, p := range n.Ports {
			ports = append(ports, fmt.Sprint(p.ContainerPort))
		}
		if fmt.Sprint(places, ports) != "[/data /vol1 /vol2] [81 82]" {
			t.Errorf("%s: %v %v", c.name, places, ports)
		}
		if n.ID != old.ID || n.Name != old.Name || n.Image.Name != "app:2" || n.SnapshotKey() != old.ID+"-2" {
			t.Errorf("%s: %+v", c.name, n)
		}
		if after := fmt.Sprintf("%+v", *old); after != before {
			t.Errorf("%s: the old record was changed:\n%s\n%s", c.name, before, after)
		}
		again, err := w.planUpgrade(n, image("1", nil), UpgradeOpts{Image: "app:1"})
		if err != nil || again.Snapshot != "" || again.SnapshotKey() != old.ID || strings.Contains(fmt.Sprint(again.Labels), "img") {
			t.Errorf("%s: and back: %v, %+v", c.name, err, again)
		}
	}
}

// A container that was made before what was given was noted keeps all it has.
func TestPlanUpgradeUnknown(t *testing.T) {
	w := newWorld(t)
	old := &record.Container{ID: strings.Repeat("a", 64), Process: record.Process{Entrypoint: []string{"e"}, Cmd: []string{"c"}, Env: []string{"A=1"}, Cwd: "/x", User: "5"}}
	n, err := w.planUpgrade(old, image("2", nil, "A=2", "B=2"), UpgradeOpts{Image: "app:2"})
	if err != nil || strings.Join(n.Process.Args(), " ") != "e c" || fmt.Sprint(n.Process.Env) != "[A=1 B=2]" || n.Process.Cwd != "/x" || n.Process.User != "5" || n.Health != nil {
		t.Errorf("%+v, %v", n, err)
	}
}

func TestPinned(t *testing.T) {
	w := newWorld(t)
	c := &record.Container{ID: strings.Repeat("a", 64), NetworkMode: "bridge", Ports: []record.Port{
		{ContainerPort: 80, Protocol: "tcp"}, {HostPort: 9000, HostPortEnd: 9010, ContainerPort: 81, Protocol: "tcp"}, {HostPort: 5, ContainerPort: 82, Protocol: "tcp"},
	}}
	u := &record.Upgrade{
		Networks: []record.Joined{{Network: "bridge", IPv4: "10.1.2.3/24", MAC: "02:00:00:00:00:01"}},
		Ports: []record.Port{
			{HostPort: 40000, ContainerPort: 80, Protocol: "tcp"}, {HostPort: 9007, ContainerPort: 81, Protocol: "tcp"}, {HostPort: 6, ContainerPort: 82, Protocol: "tcp"},
		},
	}
	p, err := w.pinned(c, u)
	if err != nil || len(p.Networks) != 1 || p.Networks[0].IPv4 != "10.1.2.3" || p.Networks[0].MAC != "02:00:00:00:00:01" || len(c.Networks) != 0 {
		t.Errorf("%+v, %v", p, err)
	}
	if p.Ports[0].HostPort != 40000 || p.Ports[1].HostPort != 9007 || p.Ports[1].HostPortEnd != 0 || p.Ports[2].HostPort != 5 {
		t.Errorf("%+v", p.Ports)
	}
}

// The intent of a living command keeps others away; that of a dead one is to be
// settled, and told by gc.
func TestUpgradeIntent(t *testing.T) {
	w := newWorld(t)
	c := w.add("app", record.State{Status: record.Exited}, nil)
	if w.cutShort(c.ID) || w.settleUpgrade(t.Context(), c.ID) != nil {
		t.Error("an upgrade of nothing")
	}
	_, p := w.child("echo; exec sleep 300")
	u := &record.Upgrade{Step: record.UpgradeTrial, Owner: p, BootID: w.bootID(), Old: *c, New: *c}
	if err := w.Store.SetUpgrade(u); err != nil {
		t.Fatal(err)
	}
	if err := w.settleUpgrade(t.Context(), c.ID); !errs.Is(err, errs.Conflict) || !strings.Contains(err.Error(), fmt.Sprint(p.Pid)) {
		t.Errorf("of another: %v", err)
	}
	if err := w.Remove(t.Context(), "app", RemoveOpts{}); !errs.Is(err, errs.InUse) {
		t.Errorf("removed: %v", err)
	}
	if busy, err := w.reapUpgrade(t.Context(), c.ID); !busy || err != nil || w.wrong(c.ID) != "" {
		t.Errorf("%v, %v, %q", busy, err, w.wrong(c.ID))
	}
	u.Owner.Start++ // that pid is another process now
	if err := w.Store.SetUpgrade(u); err != nil {
		t.Fatal(err)
	}
	if !w.cutShort(c.ID) || w.wrong(c.ID) != "its upgrade was cut short" {
		t.Errorf("of a dead one: %q", w.wrong(c.ID))
	}
	if got, err := w.takeUpgrade(t.Context(), c.ID); err != nil || got.Step != record.UpgradeTrial || w.cutShort(c.ID) {
		t.Errorf("taken: %+v, %v", got, err)
	}
	if err := w.Store.RemoveUpgrade(c.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.RemoveUpgrade(c.ID); err != nil {
		t.Errorf("removed twice: %v", err)
	}
}

func TestSnapshotOwner(t *testing.T) {
	id := strings.Repeat("a", 64)
	for key, want := range map[string]string{id: id, id + "-2": id, id + "-3": id + "-3", "sha256:x": "sha256:x", "-2": "-2"} {
		if got := snapshotOwner(key); got != want {
			t.Errorf("%s: %s", key, got)
		}
	}
	w := newWorld(t)
	c := w.add("app", record.State{Status: record.Exited}, nil)
	if got := w.snapshotKeys(c.ID); len(got) != 1 {
		t.Errorf("of one that was never upgraded: %v", got)
	}
	if got := w.snapshotKeys(id); len(got) != 2 {
		t.Errorf("of one without a record: %v", got)
	}
}
