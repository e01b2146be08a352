package container

import (
	"fmt"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// planLinks reads --link, container[:alias].
func (m *Manager) planLinks(c *record.Container, list []string) error {
	if len(list) > 0 && !own(c) {
		return errs.New(errs.Invalid, "conflicting options: links need a network of the container's own, not network mode %s", c.NetworkMode)
	}
	for _, s := range list {
		name, alias, has := strings.Cut(s, ":")
		id, err := m.Store.ResolveContainer(name)
		if err != nil {
			return fmt.Errorf("--link %s: %w", s, err)
		}
		if !has {
			alias = strings.TrimPrefix(name, "/")
		}
		if alias, err = parse.Hostname(alias); err != nil {
			return fmt.Errorf("--link %s: %w", s, err)
		}
		c.Links = append(c.Links, record.Link{Container: id, Alias: alias})
	}
	return nil
}

// linkNames are c's links as docker shows them: the other's name, then the alias
// below this one's.
func (m *Manager) linkNames(c *record.Container) []string {
	var out []string
	for _, l := range c.Links {
		name := short(l.Container)
		if other, err := m.Store.Container(l.Container); err == nil {
			name = other.Name
		}
		out = append(out, fmt.Sprintf("/%s:/%s/%s", name, c.Name, l.Alias))
	}
	return out
}

// linkLines are the lines of hosts(5) for c's links: the addresses that those
// containers have now.
func (m *Manager) linkLines(c *record.Container) ([]byte, error) {
	if len(c.Links) == 0 {
		return nil, nil
	}
	all, err := m.Network.Attachments()
	if err != nil {
		return nil, err
	}
	var out []byte
	for _, l := range c.Links {
		other, st, err := m.look(l.Container)
		if err != nil {
			return nil, fmt.Errorf("link %s: %w", l.Alias, err)
		}
		nets := all[l.Container].Networks
		if !Alive(st) || len(nets) == 0 {
			return nil, errs.New(errs.Conflict, "Cannot link to a non running container: %s AS %s: start it first", other.Name, l.Alias)
		}
		names := strings.Join(unique(l.Alias, other.Host.Hostname, other.Name), " ")
		for _, j := range nets {
			for _, cidr := range []string{j.IPv4, j.IPv6} {
				if ip, _ := cutPrefix(cidr); ip != "" {
					out = fmt.Appendf(out, "%s\t%s\n", ip, names)
				}
			}
		}
	}
	return out, nil
}

// unique are the words without those that are empty or were there before.
func unique(words ...string) []string {
	var out []string
	seen := map[string]bool{"": true}
	for _, w := range words {
		if !seen[w] {
			seen[w] = true
			out = append(out, w)
		}
	}
	return out
}
