package container

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/quota"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/volume"
)

// rootPath is the container's root in rules of --disk-quota.
const rootPath = "/"

// planProjects finds for the rules of c which project each of its root and volumes
// is to count for, and writes that into the record: a new project each, or that of
// old, in which what had one keeps it. Nothing is limited yet. It fails with kind
// invalid for a rule that means nothing here, and unsupported where the filesystem
// keeps no limits.
func (m *Manager) planProjects(c *record.Container, old []record.Project) error {
	c.Projects = nil
	if len(c.DiskQuotas) == 0 {
		if c.QuotaID != 0 {
			return errs.New(errs.Invalid, "--quota-id: there is no --disk-quota")
		}
		return nil
	}
	if c.QuotaID != 0 && len(c.DiskQuotas) > 1 {
		return errs.New(errs.Invalid, "--quota-id: it goes with one rule of --disk-quota, there are %d", len(c.DiskQuotas))
	}
	p := projects{m: m, c: c, old: old, of: map[string]uint32{}}
	for _, at := range limitable(c) {
		if m.limitsItself(c, at) {
			continue
		}
		if err := p.plan(at); err != nil {
			return err
		}
	}
	return checkRules(c)
}

// limitable are the places of c that a rule can be for: its root, unless that is
// a folder of the host, and its volumes.
func limitable(c *record.Container) []string {
	var out []string
	if c.Image.Rootfs == "" || strings.HasSuffix(c.Image.Rootfs, overlaid) {
		out = append(out, rootPath)
	}
	for _, mt := range c.Mounts {
		if mt.Type == "volume" {
			out = append(out, path.Clean(mt.Destination))
		}
	}
	return out
}

// limitsItself reports whether the volume at a place is there and is limited by its
// own options, or lies elsewhere than in a folder: it stays as it is.
func (m *Manager) limitsItself(c *record.Container, at string) bool {
	for _, mt := range c.Mounts {
		if mt.Type == "volume" && path.Clean(mt.Destination) == at {
			v, err := m.Store.Volume(mt.Name)
			return err == nil && (v.Quota != nil || len(v.Options) > 0 || v.Driver != volume.Local)
		}
	}
	return false
}

// limited reports whether c's root or one of its volumes has a limit.
func (m *Manager) limited(c *record.Container) bool {
	if len(c.Projects) > 0 {
		return true
	}
	return slices.ContainsFunc(c.Mounts, func(mt record.Mount) bool {
		if mt.Type != "volume" {
			return false
		}
		v, err := m.Store.Volume(mt.Name)
		return err == nil && v.Quota != nil
	})
}

// checkRules refuses a rule that names a place that cannot be limited.
func checkRules(c *record.Container) error {
	places := limitable(c)
	for _, q := range c.DiskQuotas {
		for _, p := range q.Paths {
			if parse.QuotaPattern(p) || slices.Contains(places, p) {
				continue
			}
			return errs.New(errs.Invalid, "--disk-quota %s: %s", p, notLimitable(c, p))
		}
	}
	return nil
}

func notLimitable(c *record.Container, p string) string {
	if p == rootPath {
		return "the root is a folder of the host: FOLDER:O has a layer of the container's own above it"
	}
	for _, mt := range c.Mounts {
		switch {
		case path.Clean(mt.Destination) != p:
		case mt.Type == "tmpfs":
			return "there is a tmpfs, whose limit is its option size"
		default:
			return "there is a folder of the host, and the limit would be on that: use a volume"
		}
	}
	return "no volume is mounted there"
}

type projects struct {
	m   *Manager
	c   *record.Container
	old []record.Project
	of  map[string]uint32 // projects by what shares them
}

// plan gives the place at its project, if a rule is for it.
func (p *projects) plan(at string) error {
	i, q := ruleFor(p.c.DiskQuotas, at)
	if q == nil {
		return nil
	}
	key := fmt.Sprint(i)
	if each := len(q.Paths) == 1 && parse.QuotaPattern(q.Paths[0]); each && p.c.QuotaID == 0 {
		key = at
	}
	if p.of[key] == 0 {
		id, err := p.choose(at)
		if err != nil {
			return err
		}
		p.of[key] = id
	}
	p.c.Projects = append(p.c.Projects, record.Project{Path: at, ID: p.of[key], Size: q.Size})
	return nil
}

func (p *projects) choose(at string) (uint32, error) {
	dir := p.m.Store.Root
	if p.c.QuotaID > 0 {
		return uint32(p.c.QuotaID), quota.Check(dir)
	}
	for _, o := range p.old {
		if o.Path == at && !slices.Contains(p.ids(), o.ID) && o.ID >= quota.Containers {
			return o.ID, nil
		}
	}
	return quota.Choose(dir, quota.Containers)
}

func (p *projects) ids() (out []uint32) {
	for _, id := range p.of {
		out = append(out, id)
	}
	return out
}

// ruleFor is the rule for a place, and its number: one that names it goes before
// those whose expressions match the whole of it.
func ruleFor(rules []record.DiskQuota, at string) (int, *record.DiskQuota) {
	for i := range rules {
		if len(rules[i].Paths) == 0 || slices.Contains(rules[i].Paths, at) {
			return i, &rules[i]
		}
	}
	for i := range rules {
		for _, p := range rules[i].Paths {
			if parse.QuotaPattern(p) && matches(p, at) {
				return i, &rules[i]
			}
		}
	}
	return 0, nil
}

func matches(pattern, at string) bool {
	re, err := regexp.Compile("^(?:" + pattern + ")$")
	return err == nil && re.MatchString(at)
}

// keptProjects are those of c that an upgrade keeps: beside the old root the new one
// is made, which has a project of its own unless it shares one.
func keptProjects(c *record.Container) []record.Project {
	return slices.DeleteFunc(slices.Clone(c.Projects), func(p record.Project) bool {
		return p.Path == rootPath && !shared(c.Projects, rootPath)
	})
}

// shared reports whether what is at a place shares its project with another.
func shared(list []record.Project, at string) bool {
	i := slices.IndexFunc(list, func(p record.Project) bool { return p.Path == at })
	return i >= 0 && slices.ContainsFunc(list, func(p record.Project) bool { return p.ID == list[i].ID && p.Path != at })
}
