package container

import (
	"slices"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// TestRestoreRounds: nobody is started beside, or before, one that it needs.
func TestRestoreRounds(t *testing.T) {
	with := func(id string, change func(*record.Container)) Summary {
		c := &record.Container{ID: id}
		change(c)
		return Summary{Container: c}
	}
	joins := func(mode func(*record.Container) *string, other string) func(*record.Container) {
		return func(c *record.Container) { *mode(c) = "container:" + other }
	}
	network := func(c *record.Container) *string { return &c.NetworkMode }
	links := func(other string) func(*record.Container) {
		return func(c *record.Container) { c.Links = []record.Link{{Container: other, Alias: "a"}} }
	}
	fixed := func(c *record.Container) { c.Networks = []record.Join{{Network: "n", IPv4: "10.0.0.9"}} }
	list := []Summary{
		with("web", links("app")),
		with("app", links("db")),
		with("db", func(*record.Container) {}),
		with("fixed", fixed),
		with("uts", joins(func(c *record.Container) *string { return &c.Host.UtsMode }, "db")),
		with("user", joins(func(c *record.Container) *string { return &c.Host.UsernsMode }, "db")),
		with("pid", joins(func(c *record.Container) *string { return &c.Host.PidMode }, "ipc")),
		with("ipc", joins(func(c *record.Container) *string { return &c.Host.IpcMode }, "net")),
		with("net", joins(network, "fixed")),
		with("gone", joins(network, "not in the list")),
		with("circle1", links("circle2")),
		with("circle2", links("circle1")),
	}
	at := map[string]int{}
	for i, round := range restoreRounds(list) {
		for _, s := range round {
			if _, twice := at[s.Container.ID]; twice {
				t.Errorf("%s stands in two rounds", s.Container.ID)
			}
			at[s.Container.ID] = i
		}
	}
	if len(at) != len(list) {
		t.Errorf("%d of %d containers are started: %v", len(at), len(list), at)
	}
	for _, order := range [][]string{
		{"fixed", "db", "app", "web"}, {"db", "uts"}, {"db", "user"}, {"fixed", "net", "ipc", "pid"}, {"db", "gone"}, {"db", "circle1"},
	} {
		var rounds []int
		for _, id := range order {
			rounds = append(rounds, at[id])
		}
		if !slices.IsSorted(rounds) || len(slices.Compact(slices.Clone(rounds))) != len(rounds) {
			t.Errorf("%v are started in the rounds %v", order, rounds)
		}
	}
}
