package container

import (
	"context"
	"path"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/network"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Plan is what create and run would make. The id, and with it the address, is
// one that could be: the next plan has another.
type Plan struct {
	Pull      string             `json:"pull,omitempty"`      // the image that would be pulled first; when it is not there, nothing else is known
	Replaces  string             `json:"replaces,omitempty"`  // id of the container that would be removed for its name
	Container *record.Container  `json:"container,omitempty"` // its record
	Cgroup    string             `json:"cgroup,omitempty"`    // below the root of each hierarchy
	Volumes   []PlannedVolume    `json:"volumes,omitempty"`
	Folders   []string           `json:"folders,omitempty"` // of the host, that -v would make
	Networks  []*network.Preview `json:"networks,omitempty"`

	// Spec is the runtime's configuration. Users are looked up, and secrets are
	// put in, by the supervisor when the root is mounted.
	Spec *specs.Spec `json:"spec,omitempty"`
}

// PlannedVolume is a volume of a container.
type PlannedVolume struct {
	Name        string `json:"name"`
	Destination string `json:"destination"`
	Made        bool   `json:"made"` // it is not there: it would be made
}

// DryRun plans what o asks for by the functions that create and run use, and
// makes nothing: no record, no lease, no network, no volume. Ports are bound for
// a moment to see that they are free. Errors are those of create. The private
// containerd, which knows the images, is started if it does not run.
func (m *Manager) DryRun(ctx context.Context, o *Options) (*Plan, error) {
	if err := checkCIDFile(o.CIDFile); err != nil {
		return nil, err
	}
	p := &Plan{}
	if err := m.planImage(ctx, o, p); err != nil || p.Container == nil {
		return p, err
	}
	c := p.Container
	if err := m.planName(o, p); err != nil {
		return nil, err
	}
	var err error
	if p.Spec, err = m.ociSpec(c); err != nil {
		return nil, err
	}
	if p.Spec.Linux != nil {
		p.Cgroup = p.Spec.Linux.CgroupsPath
	}
	if p.Networks, err = m.previewNetworks(c); err != nil {
		return nil, err
	}
	p.Volumes, p.Folders = m.plannedMounts(c)
	return p, nil
}

// planImage plans the container's record from the image, when that is there.
func (m *Manager) planImage(ctx context.Context, o *Options, p *Plan) error {
	cl, err := m.engine(ctx)
	if err != nil {
		return err
	}
	if o.Pull == "always" && o.Rootfs == "" {
		p.Pull = o.Image
	}
	local := *o
	local.Pull, local.Quiet = "never", true
	img, err := m.imageOf(ctx, cl, &local)
	if errs.Is(err, errs.NotFound) && o.Pull != "never" {
		p.Pull = o.Image
		return nil
	}
	if err != nil {
		return err
	}
	id := o.ID
	switch {
	case id == "":
		id = newID()
	case m.exists(id) && !m.ends(id):
		return idTaken(id)
	}
	p.Container, err = m.plan(id, o, img)
	return err
}

// planName sees that the name can be had.
func (m *Manager) planName(o *Options, p *Plan) error {
	if o.Name == "" {
		p.Container.Name = randomName()
		return nil
	}
	holder, err := m.Store.NameHolder(o.Name)
	if err != nil || holder == "" || !m.exists(holder) || m.ends(holder) {
		return err
	}
	if !o.Replace {
		return nameTaken(o.Name, holder)
	}
	p.Replaces = holder
	return nil
}

func (m *Manager) previewNetworks(c *record.Container) ([]*network.Preview, error) {
	if !own(c) {
		return nil, nil
	}
	ports := m.bindings(c)
	files, _, err := network.Reserve(ports)
	if err != nil {
		return nil, err
	}
	closeFiles(files)
	var out []*network.Preview
	for _, o := range m.attachments(c, m.Store.Netns(c.ID), ports) {
		p, err := m.Network.Preview(o)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func (m *Manager) plannedMounts(c *record.Container) (vols []PlannedVolume, folders []string) {
	for _, mt := range c.Mounts {
		switch mt.Type {
		case "volume":
			_, err := m.Store.Volume(mt.Name)
			vols = append(vols, PlannedVolume{Name: mt.Name, Destination: path.Clean(mt.Destination), Made: errs.Is(err, errs.NotFound)})
		case "bind":
			if mt.CreateSource && !exists(mt.Source) {
				folders = append(folders, mt.Source)
			}
		}
	}
	return vols, folders
}
