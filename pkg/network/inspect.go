package network

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Inspect returns the record of the network that target names: by its name,
// its id or a beginning of it that is of one network only. A missing one gives
// kind not_found.
func (m *Manager) Inspect(target string) (*record.Network, error) {
	target = canonical(target)
	if strings.HasPrefix(target, cniPrefix) {
		return m.cniNetwork(target)
	}
	if _, err := parse.Name("network", target); err == nil {
		n, err := m.s.Network(target)
		if errs.Is(err, errs.Corrupt) {
			return nil, fmt.Errorf("network %s is damaged: %w: pouch-net rm %s removes it", target, err, target)
		}
		if err == nil || !errs.Is(err, errs.NotFound) {
			return n, err
		}
	}
	return m.byID(target)
}

func (m *Manager) byID(prefix string) (*record.Network, error) {
	all, err := m.List()
	foreign, _ := m.CNI() // broken ones are told where they are asked for
	all = append(all, foreign...)
	if n := match(all, prefix); n != nil {
		return n, nil
	}
	if err != nil && len(all) == 0 {
		return nil, err
	}
	for i, n := range all {
		if prefix == "" || !strings.HasPrefix(n.ID, prefix) {
			continue
		}
		for _, o := range all[i+1:] {
			if strings.HasPrefix(o.ID, prefix) {
				return nil, errs.New(errs.Invalid, "%q is the beginning of more than one network's id", prefix)
			}
		}
		return n, nil
	}
	return nil, errs.New(errs.NotFound, "network %s not found", prefix)
}

func match(all []*record.Network, id string) *record.Network {
	for _, n := range all {
		if n.ID == id {
			return n
		}
	}
	return nil
}

// List returns every network, sorted by name. Records that are broken are left
// out and told in the error, beside the others.
func (m *Manager) List() ([]*record.Network, error) {
	names, err := m.s.NetworkNames()
	if err != nil {
		return nil, err
	}
	var out []*record.Network
	var broken []error
	for _, name := range names {
		n, err := m.s.Network(name)
		switch {
		case err == nil:
			out = append(out, n)
		case !errs.Is(err, errs.NotFound) && !errors.Is(err, fs.ErrNotExist):
			broken = append(broken, err)
		}
	}
	return out, errors.Join(broken...)
}
