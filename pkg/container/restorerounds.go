package container

import (
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// restoreRounds splits what is to be started: those of one round beside each other,
// a round after the one before. Who has an address of its own choice comes before those
// that are given any, and who needs other containers comes after all of them.
func restoreRounds(list []Summary) [][]Summary {
	o := restoreOrder{of: map[string]*record.Container{}, round: map[string]int{}}
	for _, s := range list {
		o.of[s.Container.ID] = s.Container
	}
	var rounds [][]Summary
	for _, s := range list {
		n := o.roundOf(s.Container)
		for len(rounds) <= n {
			rounds = append(rounds, nil)
		}
		rounds[n] = append(rounds[n], s)
	}
	return rounds
}

type restoreOrder struct {
	of    map[string]*record.Container // those to be started, by id
	round map[string]int               // as far as they are known
}

// roundOf is the round of c. Of those that need each other in a circle none can be
// started: they have some round.
func (o restoreOrder) roundOf(c *record.Container) int {
	if n, ok := o.round[c.ID]; ok {
		return n
	}
	needs := needed(c)
	n := 1
	switch {
	case len(needs) > 0:
		n = 2
	case slices.ContainsFunc(c.Networks, func(j record.Join) bool { return j.IPv4 != "" || j.IPv6 != "" }):
		n = 0
	}
	o.round[c.ID] = n // what a circle finds
	for _, id := range needs {
		if other := o.of[id]; other != nil {
			n = max(n, o.roundOf(other)+1)
		}
	}
	o.round[c.ID] = n
	return n
}

// needed are the ids of the containers that must run when c starts: those whose
// namespaces it joins, and those that it has links to.
func needed(c *record.Container) []string {
	var ids []string
	for _, mode := range joinModes(c) {
		if id, ok := strings.CutPrefix(*mode.of, "container:"); ok {
			ids = append(ids, id)
		}
	}
	for _, l := range c.Links {
		ids = append(ids, l.Container)
	}
	return ids
}
