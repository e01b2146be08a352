package container

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

// given is what o gives of a container where an image has a say, too.
func given(o *Options) *record.Given {
	p := o.Process
	return &record.Given{
		EntrypointSet: p.EntrypointSet, Entrypoint: p.Entrypoint, Cmd: p.Cmd, Env: p.Env, HostEnv: p.HostEnv, NoImageEnv: p.NoImageEnv,
		Cwd: p.Cwd, User: p.User, StopSignal: p.StopSignal, Health: o.Health, NoHealth: o.NoHealth, PublishAll: o.PublishAll,
	}
}

// givenOf is what was given of c. Of one that was made before this was noted all
// that it has counts.
func givenOf(c *record.Container) record.Given {
	if c.Given != nil {
		return *c.Given
	}
	p := c.Process
	return record.Given{
		EntrypointSet: true, Entrypoint: p.Entrypoint, Cmd: p.Cmd, Env: p.Env, Cwd: p.Cwd, User: p.User, StopSignal: p.StopSignal,
		Health: c.Health, NoHealth: c.Health == nil,
	}
}

// imageLabels are those of merged that came from the image.
func imageLabels(img *images.Resolved, merged, own record.Labels) record.Labels {
	out := record.Labels{}
	for k, v := range merged {
		if _, mine := own[k]; !mine && img.Config.Config.Labels[k] == v {
			out[k] = v
		}
	}
	return out
}

// ownLabels are the labels of c that are not its image's.
func ownLabels(c *record.Container) record.Labels {
	out := record.Labels{}
	for k, v := range c.Labels {
		if from, ok := givenOf(c).ImageLabels[k]; !ok || from != v {
			out[k] = v
		}
	}
	return out
}

// planUpgrade is the record of c with another image. A command comes from o, else
// from what was given, else from the new image, and never from the old one; so
// does everything that an image has a say in.
func (m *Manager) planUpgrade(c *record.Container, img *images.Resolved, o UpgradeOpts) (*record.Container, error) {
	n, err := copied(c)
	if err != nil {
		return nil, err
	}
	g := givenOf(c)
	if o.EntrypointSet {
		g.EntrypointSet, g.Entrypoint = true, o.Entrypoint
	}
	if len(o.Cmd) > 0 {
		g.Cmd = o.Cmd
	}
	own := ownLabels(c)
	r, err := spec.Merge(img.Config.Config, spec.Overrides{
		EntrypointSet: g.EntrypointSet, Entrypoint: g.Entrypoint, Cmd: g.Cmd, Env: g.Env, HostEnv: g.HostEnv, NoImageEnv: g.NoImageEnv,
		Cwd: g.Cwd, User: g.User, StopSignal: g.StopSignal, Labels: own,
	})
	if err != nil {
		return nil, err
	}
	for _, w := range r.Warnings {
		fmt.Fprintln(os.Stderr, "pouch-run: warning:", w)
	}
	if n.Health, err = spec.MergeHealth(img.Health, g.Health, g.NoHealth); err != nil {
		return nil, err
	}
	p := &n.Process
	p.Entrypoint, p.Cmd, p.Env = r.Process.Entrypoint, r.Process.Cmd, r.Process.Env
	p.Cwd, p.User, p.StopSignal = r.Process.Cwd, r.Process.User, r.Process.StopSignal
	g.ImageLabels = imageLabels(img, r.Labels, own)
	n.Labels, n.Given = r.Labels, &g
	n.Mounts = append(n.Mounts, imageVolumes(r.Volumes, n.Mounts)...)
	if g.PublishAll {
		n.Ports = append(n.Ports, unpublished(r.Exposed, n.Ports)...)
	}
	n.Image = record.Image{
		Name: o.Image, Ref: img.Ref, Digest: img.Digest.String(), ConfigDigest: img.ConfigDigest.String(), ChainID: img.ChainID.String(),
	}
	n.Snapshot = otherSnapshot(c)
	if err := m.Volume.Plan(n); err != nil {
		return nil, err
	}
	return n, m.planProjects(n, keptProjects(c))
}

// copied is a copy of c that shares nothing with it.
func copied(c *record.Container) (*record.Container, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	n := &record.Container{}
	return n, json.Unmarshal(data, n)
}

// otherSnapshot is the key of c's next writable layer.
func otherSnapshot(c *record.Container) string {
	keys := slices.DeleteFunc(record.SnapshotKeys(c.ID), func(k string) bool { return k == c.SnapshotKey() })
	if keys[0] == c.ID {
		return ""
	}
	return keys[0]
}

// pinned is c with the addresses and host ports that u's old container had, for
// one start.
func (m *Manager) pinned(c *record.Container, u *record.Upgrade) (*record.Container, error) {
	p, err := copied(c)
	if err != nil {
		return nil, err
	}
	if own(p) && len(u.Networks) > 0 {
		p.Networks = m.joins(p)
	}
	for i := range p.Networks {
		j := &p.Networks[i]
		if i < len(u.Networks) && sameNetwork(j.Network, u.Networks[i].Network) {
			j.IPv4, j.IPv6, j.MAC = withoutBits(u.Networks[i].IPv4), withoutBits(u.Networks[i].IPv6), u.Networks[i].MAC
		}
	}
	for i := range p.Ports {
		for _, had := range u.Ports {
			if o := p.Ports[i]; o.ContainerPort == had.ContainerPort && o.Protocol == had.Protocol && o.HostIP == had.HostIP && allows(o, had.HostPort) {
				p.Ports[i].HostPort, p.Ports[i].HostPortEnd = had.HostPort, 0
			}
		}
	}
	return p, nil
}

func sameNetwork(a, b string) bool { return a == b || bridgeMode(a) && bridgeMode(b) }

func withoutBits(address string) string {
	a, _, _ := strings.Cut(address, "/")
	return a
}

// allows reports whether p may be published on the host's port n.
func allows(p record.Port, n uint16) bool {
	return p.HostPort == 0 || n >= p.HostPort && n <= max(p.HostPort, p.HostPortEnd)
}
