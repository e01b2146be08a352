package container

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/ctrd"
	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// overlaid ends a root folder that is to be left as it is: the container's
// changes lie above it and go with the container.
const overlaid = ":O"

// imageOf is the image that o asks for; with a root folder there is none, and the
// folder's path is completed.
func (m *Manager) imageOf(ctx context.Context, cl *ctrd.Client, o *Options) (*images.Resolved, error) {
	if o.Rootfs == "" {
		return m.image(ctx, cl, o)
	}
	var err error
	o.Rootfs, err = m.checkRootfs(o.Rootfs)
	return &images.Resolved{}, err
}

// checkRootfs makes the folder of --rootfs absolute. Pouch's own state may not
// be in it: the container would have it, and its own root in its root.
func (m *Manager) checkRootfs(folder string) (string, error) {
	path, over := strings.CutSuffix(folder, overlaid)
	path, err := filepath.Abs(path)
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return "", errs.New(errs.Invalid, "--rootfs: %w", err)
	}
	if st, err := os.Stat(path); err != nil || !st.IsDir() {
		return "", errs.New(errs.Invalid, "--rootfs %s: it is no folder", path)
	}
	for _, own := range []string{m.Store.Root, m.Store.RunRoot} {
		if own, err = filepath.EvalSymlinks(own); err == nil && within(own, path) && !over {
			return "", errs.New(errs.Invalid, "--rootfs %s: Pouch's own %s lies in it: --rootfs %s:O leaves the folder as it is", path, own, path)
		}
	}
	if over {
		return path + overlaid, nil
	}
	return path, nil
}

// within reports whether path is dir or lies below it.
func within(path, dir string) bool {
	return path == dir || dir == "/" || strings.HasPrefix(path, dir+"/")
}

// root is how the container's root is mounted: a snapshot of its image, which is
// made if need be, or the folder that is asked for.
func (m *Manager) root(ctx context.Context, cl *ctrd.Client, c *record.Container) (ctrd.Rootfs, error) {
	folder, over := strings.CutSuffix(c.Image.Rootfs, overlaid)
	switch {
	case folder == "":
		root, err := cl.Prepare(ctx, c.SnapshotKey(), c.Image.ChainID)
		if err != nil {
			return nil, fmt.Errorf("prepare the root of %s: %w", c.Image.Ref, err)
		}
		return root, limitRoot(ctx, c, layers(root))
	case strings.ContainsAny(folder, `:\,`) && over:
		return nil, errs.New(errs.Unsupported, "--rootfs %s:O: an overlay takes no folder whose name has a colon, a comma or a backslash", folder)
	}
	if st, err := os.Stat(folder); err != nil || !st.IsDir() {
		return nil, errs.New(errs.Invalid, "the root of container %s, %s, is no folder any more", c.Name, folder)
	}
	if !over {
		return ctrd.Rootfs{{Type: "bind", Source: folder, Options: []string{"rbind", "rprivate"}}}, nil
	}
	upper, work := m.overLayers(c.ID)
	for _, d := range []string{upper, work} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, err
		}
	}
	root := ctrd.Rootfs{{Type: "overlay", Source: "overlay", Options: []string{"lowerdir=" + folder, "upperdir=" + upper, "workdir=" + work}}}
	return root, limitRoot(ctx, c, layers(root))
}

// overLayers are the folders of the layer above a root folder that is left as it
// is.
func (m *Manager) overLayers(id string) (upper, work string) {
	dir := filepath.Join(m.Store.ContainerDir(id), "root")
	return filepath.Join(dir, "fs"), filepath.Join(dir, "work")
}
