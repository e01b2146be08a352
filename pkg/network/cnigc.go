package network

import (
	"context"
	"log/slog"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// StrayCNI returns the networks of CNI plugins in which somebody is who is gone, an
// endpoint of each. It changes nothing.
func (m *Manager) StrayCNI(alive func(id string) bool) []record.Endpoint {
	seen := map[string]bool{}
	var out []record.Endpoint
	m.eachEndpoint(func(e *record.Endpoint) {
		if e.Driver == cniDriverName && !seen[e.Network] && m.endpointDead(e, alive) != "" {
			seen[e.Network] = true
			out = append(out, *e)
		}
	})
	return out
}

// GC tells the plugins of networks, which an endpoint of each stands for, who is in
// them: they free what a DEL that never came has left of others (CNI specification
// 1.1.0, GC). What they cannot is told in the log. Idempotent.
func (m *Manager) GC(ctx context.Context, of []record.Endpoint) {
	for i := range of {
		if err := m.gcCNI(ctx, &of[i]); err != nil {
			slog.Warn("CNI plugins were to free what nobody has", "network", of[i].Network, "error", err)
		}
	}
}

// gcCNI is GC for one network. Nobody joins or leaves meanwhile: who is there must
// be all that there are.
func (m *Manager) gcCNI(ctx context.Context, of *record.Endpoint) error {
	lock, err := m.s.LockCNI(ctx)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	q := ForeignCall{Op: ForeignGC, Driver: of.Driver, Endpoint: of}
	m.eachEndpoint(func(e *record.Endpoint) {
		if e.Network == of.Network {
			q.Valid = append(q.Valid, record.Endpoint{ID: e.ID, Iface: e.Iface})
		}
	})
	_, err = m.foreign(ctx, q)
	return err
}

// makes asks a foreign driver to make or to undo an endpoint.
func (m *Manager) makes(ctx context.Context, op string, e *record.Endpoint) (*ForeignAnswer, error) {
	if e.Driver == cniDriverName {
		lock, err := m.s.ShareCNI()
		if err != nil {
			return nil, err
		}
		defer lock.Unlock()
	}
	return m.foreign(ctx, ForeignCall{Op: op, Driver: e.Driver, Endpoint: e})
}

// eachEndpoint calls do for every endpoint whose record can be read.
func (m *Manager) eachEndpoint(do func(*record.Endpoint)) {
	names, err := m.s.EndpointNames("")
	if err != nil {
		return // there are none, or gc --check says why
	}
	for _, name := range names {
		id, iface, _ := strings.Cut(name, "-")
		if e, err := m.s.Endpoint(id, iface); err == nil {
			do(e)
		}
	}
}
