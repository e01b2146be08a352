package registry

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
)

// YAMLFile is where Syncing.From reads what to sync from, beside Docker and Folder.
const YAMLFile = "yaml"

// Syncing copies many images from one place to another, as skopeo-sync(1) does.
type Syncing struct {
	From, To         string // transports: docker, dir, or yaml of the source; docker or dir
	Src, Dst         string // a repository with or without a tag, a folder, a file; a registry with or without a path, a folder
	Scoped           bool   // keep the source's registry and path as part of the new name
	Suffix           string // put at the end of every tag
	KeepGoing        bool   // do not stop at the first that fails
	SrcOpts, DstOpts Options
	CopyOptions
}

// Pair is one image of a sync.
type Pair struct{ Src, Dst End }

// Pairs lists what is to be copied where: the registries are asked for tags.
func (s Syncing) Pairs(ctx context.Context) (out []Pair, err error) {
	if s.To != Docker && s.To != Folder {
		return nil, errs.New(errs.Invalid, "sync: --dest is %s or %s", Docker, Folder)
	}
	switch s.From {
	case Docker:
		out, err = s.repository(ctx, s.Src, s.SrcOpts)
	case Folder:
		if s.To == Folder {
			return nil, errs.New(errs.Unsupported, "sync: from a folder to a folder: copy it with cp -a")
		}
		out, err = s.folders()
	case YAMLFile:
		out, err = s.file(ctx)
	default:
		return nil, errs.New(errs.Invalid, "sync: --src is %s, %s or %s", Docker, Folder, YAMLFile)
	}
	if err == nil && len(out) == 0 {
		err = errs.New(errs.NotFound, "sync: no image at %s", s.Src)
	}
	return out, err
}

// Run copies the pairs, one after the other, and calls each for every one. With
// KeepGoing the errors come together. Twice the same does nothing the second time
// but compare.
func (s Syncing) Run(ctx context.Context, pairs []Pair, tell func(Event), each func(Pair, digest.Digest)) error {
	var failed []error
	for _, p := range pairs {
		if p.Dst.Transport == Folder {
			if err := os.MkdirAll(filepath.Dir(p.Dst.Rest), 0o755); err != nil {
				return err
			}
		}
		d, err := Copy(ctx, p.Dst, p.Src, s.CopyOptions, tell)
		if err == nil {
			each(p, d)
			continue
		}
		failed = append(failed, err)
		if !s.KeepGoing || ctx.Err() != nil {
			break
		}
	}
	if len(failed) == 1 {
		return failed[0]
	}
	return errors.Join(failed...)
}

// repository lists the images of a repository, or the one with the tag.
func (s Syncing) repository(ctx context.Context, name string, o Options) ([]Pair, error) {
	name = strings.TrimPrefix(name, Docker+"://")
	parts, err := imageref.Split(name)
	if err != nil {
		return nil, err
	}
	if parts.Digest != "" {
		return s.images(parts, []string{"@" + parts.Digest}, o)
	}
	if strings.HasSuffix(name, ":"+parts.Tag) {
		return s.images(parts, []string{":" + parts.Tag}, o)
	}
	_, tags, err := Tags(ctx, name, o)
	if err != nil {
		return nil, err
	}
	for i := range tags {
		tags[i] = ":" + tags[i]
	}
	return s.images(parts, tags, o)
}

// images are those of a repository with these versions: :TAG or @DIGEST.
func (s Syncing) images(repo imageref.Parts, versions []string, o Options) (out []Pair, err error) {
	for _, v := range versions {
		to := repo.Name[strings.LastIndex(repo.Name, "/")+1:]
		if s.Scoped {
			to = repo.Name
		}
		p, err := s.pair(Place{Docker, repo.Name + v}, to+v, o)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// pair is a copy to the name below the destination.
func (s Syncing) pair(src Place, name string, o Options) (Pair, error) {
	if !strings.Contains(name, "@") {
		name += s.Suffix
	}
	dst := Place{s.To, strings.TrimSuffix(strings.TrimPrefix(s.Dst, Docker+"://"), "/") + "/" + name}
	if s.To == Docker {
		if _, err := imageref.Normalize(dst.Rest); err != nil {
			return Pair{}, err
		}
	} else {
		dst.Rest = filepath.Join(s.Dst, filepath.FromSlash(name))
	}
	return Pair{End{Place: src, Options: o}, End{Place: dst, Options: s.DstOpts}}, nil
}

// folders finds the images in a folder of them, as sync to dir wrote it. No
// symbolic link is followed.
func (s Syncing) folders() (out []Pair, err error) {
	base := filepath.Clean(s.Src)
	err = filepath.WalkDir(base, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() != "manifest.json" {
			return err
		}
		dir := filepath.Dir(path)
		name := filepath.Base(dir)
		if rel, err := filepath.Rel(base, dir); s.Scoped && err == nil && rel != "." {
			name = filepath.ToSlash(rel)
		}
		p, err := s.pair(Place{Folder, dir}, name, s.SrcOpts)
		out = append(out, p)
		return err
	})
	return out, err
}

// file lists what a sync file says.
func (s Syncing) file(ctx context.Context) (out []Pair, err error) {
	f, err := os.Open(s.Src)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all, err := readSyncFile(f)
	if err != nil {
		return nil, err
	}
	for _, host := range slices.Sorted(maps.Keys(all)) {
		reg := all[host]
		o := reg.options(s.SrcOpts)
		for _, repo := range slices.Sorted(maps.Keys(reg.Images)) {
			got, err := s.listed(ctx, host+"/"+repo, reg.Images[repo], o)
			if err != nil {
				return nil, err
			}
			out = append(out, got...)
		}
		for _, repo := range slices.Sorted(maps.Keys(reg.ByTagRegex)) {
			got, err := s.matching(ctx, host+"/"+repo, reg.ByTagRegex[repo], o)
			if err != nil {
				return nil, err
			}
			out = append(out, got...)
		}
	}
	return out, nil
}

// listed are the given tags and digests of a repository; without any all tags.
func (s Syncing) listed(ctx context.Context, name string, versions []string, o Options) ([]Pair, error) {
	if len(versions) == 0 {
		return s.repository(ctx, name, o)
	}
	parts, err := imageref.Split(name)
	if err != nil {
		return nil, err
	}
	for i, v := range versions {
		sep := ":"
		if _, err := digest.Parse(v); err == nil {
			sep = "@"
		}
		if _, err := imageref.Normalize(name + sep + v); err != nil {
			return nil, err
		}
		versions[i] = sep + v
	}
	return s.images(parts, versions, o)
}

// matching are the tags of a repository that match.
func (s Syncing) matching(ctx context.Context, name, expression string, o Options) ([]Pair, error) {
	re, err := regexp.Compile(expression)
	if err != nil {
		return nil, errs.New(errs.Invalid, "sync file: %s: %w", name, err)
	}
	all, err := s.repository(ctx, name, o)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(p Pair) bool {
		return !re.MatchString(p.Src.Rest[strings.LastIndex(p.Src.Rest, ":")+1:])
	}), nil
}
