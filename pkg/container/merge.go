package container

import (
	"fmt"
	"os"
	"path"

	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/libexec"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
	"github.com/pouchcontainer/pouch/pkg/spec/hostfacts"
)

// merge puts the image's configuration and the caller's words into c.
func (m *Manager) merge(c *record.Container, o *Options, img *images.Resolved) error {
	r, err := spec.Merge(img.Config.Config, o.Process)
	if err != nil {
		return err
	}
	for _, w := range r.Warnings {
		fmt.Fprintln(os.Stderr, "pouch-run: warning:", w)
	}
	if c.Health, err = spec.MergeHealth(img.Health, o.Health, o.NoHealth); err != nil {
		return err
	}
	c.Process, c.Labels = r.Process, r.Labels
	c.Given = given(o)
	c.Given.ImageLabels = imageLabels(img, r.Labels, o.Process.Labels)
	if c.Rich != nil {
		c.Process.Env = spec.MergeEnv(c.Process.Env, spec.RichEnv(c.Rich))
	}
	if err := m.volumesFrom(c, o.VolumesFrom); err != nil {
		return err
	}
	c.Mounts = append(c.Mounts, imageVolumes(r.Volumes, c.Mounts)...)
	if o.PublishAll {
		c.Ports = append(c.Ports, unpublished(append(r.Exposed, o.Exposed...), c.Ports)...)
	}
	return nil
}

// imageVolumes are anonymous volumes for the paths that the image declares and
// no mount of the caller's covers.
func imageVolumes(paths []string, own []record.Mount) []record.Mount {
	taken := map[string]bool{}
	for _, mt := range own {
		taken[path.Clean(mt.Destination)] = true
	}
	var out []record.Mount
	for _, p := range paths {
		if !taken[p] {
			out = append(out, record.Mount{Type: "volume", Destination: p, Anonymous: true})
		}
	}
	return out
}

// unpublished are the exposed ports that published does not have, for a place
// on the host that the kernel chooses.
func unpublished(exposed, published []record.Port) []record.Port {
	type key struct {
		port  uint16
		proto string
	}
	have := map[key]bool{}
	for _, p := range published {
		have[key{p.ContainerPort, p.Protocol}] = true
	}
	var out []record.Port
	for _, p := range exposed {
		if k := (key{p.ContainerPort, p.Protocol}); !have[k] {
			have[k] = true
			p.HostPort = 0
			out = append(out, p)
		}
	}
	return out
}

// specHost is what the OCI spec of c needs of this host.
func (m *Manager) specHost(c *record.Container) (spec.Host, error) {
	h, err := hostfacts.Read(c)
	if err != nil {
		return h, err
	}
	if own(c) {
		h.NetnsPath = m.Store.Netns(c.ID)
	}
	if c.Process.Init {
		if h.InitPath, err = libexec.Find("pouch-init"); err != nil {
			return h, err
		}
	}
	h.CgroupParent = m.cgroupParent(c.ID)
	h.DiskLimits = m.limited(c)
	if c.Host.NoNetFiles {
		return h, nil
	}
	id := filesOf(c)
	h.HostsPath = m.Store.HostFile(id, "hosts")
	h.HostnamePath = m.Store.HostFile(id, "hostname")
	h.ResolvPath = m.Store.HostFile(id, "resolv.conf")
	return h, nil
}
