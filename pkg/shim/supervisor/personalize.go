package supervisor

import (
	"context"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/passwd"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
	"github.com/pouchcontainer/pouch/pkg/volume"
)

// personalize does what needs the mounted root: user names, a look at the mount
// points, and the first content of new volumes.
func (t *task) personalize(ctx context.Context) error {
	if err := asUser(t.opts.Spec.Process, t.opts.Rootfs, t.rec.Process.User, t.rec.Process.Groups); err != nil {
		return err
	}
	if err := inUserns(t.opts.Spec.Process.User, t.rec.Host); err != nil {
		return err
	}
	if err := volume.CheckTargets(t.rec.Mounts, t.opts.Rootfs); err != nil {
		return err
	}
	if err := t.takeSecrets(); err != nil {
		return err
	}
	if err := t.fillVolumes(ctx); err != nil {
		return err
	}
	return t.enrich()
}

// asUser puts the ids of user, in docker's grammar, and of groups into p, with
// the capabilities that such a user has of p's bounding set, and HOME into its
// environment when that has none.
func asUser(p *specs.Process, rootfs, user string, groups []string) error {
	u, err := passwd.Resolve(rootfs, user, groups)
	if err != nil {
		return err
	}
	if p.Capabilities == nil {
		p.Capabilities = &specs.LinuxCapabilities{}
	}
	spec.SetUser(p, u.UID, u.GID, u.Groups)
	if !slices.ContainsFunc(p.Env, func(kv string) bool { return strings.HasPrefix(kv, "HOME=") }) {
		p.Env = append(slices.Clip(p.Env), "HOME="+u.Home)
	}
	return nil
}

// sharesMounts reports whether something that the container mounts must reach
// the host: then its supervisor cannot keep its own mounts to itself.
func sharesMounts(c *record.Container) bool {
	return slices.ContainsFunc(c.Mounts, func(m record.Mount) bool {
		return m.Propagation == "shared" || m.Propagation == "rshared"
	})
}
