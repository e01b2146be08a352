package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/go-units"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// psRow is a container as ps prints it; the names are docker's.
type psRow struct {
	Command      string
	CreatedAt    string
	ID           string
	Image        string
	Labels       string // k=v,k=v
	LocalVolumes string // how many
	Mounts       string
	Names        string
	Networks     string
	Ports        string
	RunningFor   string
	Size         string // 12B (virtual 4.2MB); empty: not asked for
	State        string
	Status       string

	labels record.Labels
}

// Label is the value of one label.
func (r psRow) Label(key string) string { return r.labels[key] }

func newPsRow(s container.Summary, now time.Time, short bool) psRow {
	c, st := s.Container, s.State
	r := psRow{
		Command: commandText(c.Process.Args()), CreatedAt: c.Created.Local().Format("2006-01-02 15:04:05 -0700 MST"),
		ID: c.ID, Image: c.Image.Name, Labels: cmd.Labels(c.Labels), Names: c.Name,
		Networks: networks(c, st), Ports: ports(st.Ports), RunningFor: cmd.HumanDuration(now.Sub(c.Created)) + " ago",
		State: string(st.Status), Status: container.StatusText(st, now), labels: c.Labels,
	}
	if short {
		r.ID, r.Command = cmd.ShortID(r.ID), ellipsis(r.Command, 20)
	}
	if s.Size != nil {
		r.Size = fmt.Sprintf("%s (virtual %s)", units.HumanSizeWithPrecision(float64(s.Size.RW), 3), units.HumanSizeWithPrecision(float64(s.Size.RootFs), 3))
	}
	r.Command = strconv.Quote(r.Command)
	r.Mounts, r.LocalVolumes = mounts(c.Mounts, short)
	return r
}

// commandText is a command on one line, a word with a blank in it in quotes.
func commandText(args []string) string {
	words := slices.Clone(args)
	for i, w := range words {
		if i > 0 && strings.Contains(w, " ") {
			words[i] = "'" + w + "'"
		}
	}
	return strings.Join(words, " ")
}

// networks are those joined, while it does not run those that it will join.
func networks(c *record.Container, st *record.State) string {
	var out []string
	for _, j := range st.Networks {
		out = append(out, j.Network)
	}
	if len(out) == 0 {
		for _, j := range c.Networks {
			out = append(out, j.Network)
		}
	}
	if len(out) == 0 {
		return c.NetworkMode
	}
	return strings.Join(out, ",")
}

func mounts(list []record.Mount, short bool) (names, volumes string) {
	var out []string
	n := 0
	for _, m := range list {
		name := m.Source
		switch m.Type {
		case "tmpfs":
			continue
		case "volume":
			name = m.Name
			n++
		}
		if short {
			name = ellipsis(name, 15)
		}
		out = append(out, name)
	}
	return strings.Join(out, ","), strconv.Itoa(n)
}

// ports are published ports as 0.0.0.0:8080->80/tcp; one without a host address
// is published on every one of both families.
func ports(list []record.Port) string {
	var out []string
	for _, p := range list {
		for _, place := range places(p) {
			out = append(out, fmt.Sprintf("%s->%d/%s", place, p.ContainerPort, p.Protocol))
		}
	}
	return strings.Join(out, ", ")
}

// ellipsis cuts s to n characters, the last of which tells so.
func ellipsis(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}
