package registry

import (
	"context"

	"go.podman.io/image/v5/docker"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
)

// Tags lists the tags of a repository, which name names with or without
// docker:// and a tag, in the registry's order. Errors are those of Pull.
func Tags(ctx context.Context, name string, o Options) (repository string, tags []string, err error) {
	e, parts, err := repositoryOf(name, o)
	if err != nil {
		return "", nil, err
	}
	ref, err := e.dockerRef()
	if err != nil {
		return "", nil, err
	}
	sys, err := o.system(parts.Domain)
	if err != nil {
		return "", nil, err
	}
	err = trying(ctx, o, func(ctx context.Context) error {
		wait, _, stop := expiring(ctx, 2*o.idle())
		defer stop()
		tags, err = docker.GetRepositoryTags(wait, sys, ref)
		return cause(ctx, err)
	})
	return parts.Name, tags, o.explainedAlone(err, "list the tags of "+parts.Name, parts.Name)
}

// repositoryOf reads a name of a registry's repository.
func repositoryOf(name string, o Options) (End, imageref.Parts, error) {
	p, err := ParsePlace(name)
	if err != nil {
		return End{}, imageref.Parts{}, err
	}
	if p.Transport != Docker && p.Transport != Containerd {
		return End{}, imageref.Parts{}, errs.New(errs.Unsupported, "%s: only a registry has that: docker://NAME", name)
	}
	p.Transport = Docker
	parts, err := imageref.Split(p.Rest)
	return End{Place: p, Options: o}, parts, err
}
