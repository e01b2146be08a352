package container

import (
	"context"
	"os"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/container/command"
	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/libexec"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// ExportCmd is the command that makes the container that target names again: as
// is sh, a line for a shell, or systemd, a unit. What its image says is left
// out as long as that is the image of the container. warnings tell what a command
// line cannot carry.
func (m *Manager) ExportCmd(ctx context.Context, target, as string) (text string, warnings []string, err error) {
	c, _, err := m.find(target)
	if err != nil {
		return "", nil, err
	}
	base, err := m.base(ctx, c)
	if err != nil {
		return "", nil, err
	}
	hostname, err := os.Hostname()
	if err != nil {
		return "", nil, err
	}
	switch as {
	case "sh":
		words, warnings := command.Line(c, base, hostname)
		head := append(append([]string{"pouch-run"}, m.globalFlags(c)...), "run")
		if c.Policy.OnClientExit == "" {
			head = append(head, "--detach")
		}
		return command.Sh(append(head, words...)) + "\n", warnings, nil
	case "systemd":
		program, err := libexec.Find("pouch-run")
		if err != nil {
			return "", nil, err
		}
		words, warnings := command.Line(command.ForUnit(c), base, hostname)
		return command.Unit(c, program, m.globalFlags(c), words), warnings, nil
	}
	return "", nil, errs.New(errs.Invalid, "--as %s: use sh or systemd", as)
}

// globalFlags are those before the verb that lead to the same containers.
func (m *Manager) globalFlags(c *record.Container) []string {
	var out []string
	if m.Store.Root != store.DefaultRoot {
		out = append(out, "--root", m.Store.Root)
	}
	if m.Store.RunRoot != store.DefaultRunRoot {
		out = append(out, "--run-root", m.Store.RunRoot)
	}
	if m.address != "" {
		out = append(out, "--address", m.address)
	}
	if c.Host.SystemdCgroup {
		out = append(out, "--cgroup-manager", "systemd")
	}
	return out
}

// base is what the container's image says; nil when that image is gone, or its
// name is another one's by now.
func (m *Manager) base(ctx context.Context, c *record.Container) (*command.Base, error) {
	if c.Image.Rootfs != "" {
		return &command.Base{Process: record.Process{Cwd: "/"}}, nil
	}
	cl, err := m.engine(ctx)
	if err != nil {
		return nil, err
	}
	img, err := images.Lookup(ctx, cl.Images(), c.Image.Name)
	if errs.Is(err, errs.NotFound) || err == nil && img.ConfigDigest.String() != c.Image.ConfigDigest {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return baseOf(img.Config.Config, img.Health)
}

func baseOf(cfg ocispec.ImageConfig, health *record.Health) (*command.Base, error) {
	o := spec.Overrides{}
	none := len(cfg.Entrypoint) == 0 && len(cfg.Cmd) == 0
	if none {
		o.Cmd = []string{"none"} // an image without a command is no error here
	}
	r, err := spec.Merge(cfg, o)
	if err != nil {
		return nil, err
	}
	if none {
		r.Process.Cmd = nil
	}
	return &command.Base{Process: r.Process, Labels: r.Labels, Volumes: r.Volumes, Health: health}, nil
}
