package mount

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sort"
	"strings"

	"github.com/moby/sys/mountinfo"
)

// Below lists the mounts at prefix and below it in this mount namespace, the
// deepest and youngest first: the order in which they can be undone. Symbolic
// links in prefix are followed. A prefix that does not exist has none.
func Below(prefix string) ([]Mount, error) {
	resolved, err := filepath.EvalSymlinks(prefix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	resolved, err = filepath.Abs(resolved)
	if err != nil {
		return nil, err
	}
	filter := mountinfo.PrefixFilter(resolved)
	if resolved == "/" {
		filter = nil // it knows no prefix that ends with a slash
	}
	infos, err := mountinfo.GetMounts(filter)
	if err != nil {
		return nil, fmt.Errorf("list the mounts below %s: %w", prefix, err)
	}
	out := make([]Mount, len(infos))
	for i, in := range infos {
		out[len(infos)-1-i] = Mount{Type: in.FSType, Source: in.Source, Target: in.Mountpoint, Options: strings.Split(in.Options, ",")}
	}
	sort.SliceStable(out, func(a, b int) bool {
		return strings.Count(out[a].Target, "/") > strings.Count(out[b].Target, "/")
	})
	return out, nil
}

// Mounted reports whether path is a mount point, of a bind mount too. Symbolic
// links are followed.
func Mounted(path string) (bool, error) {
	ok, err := mountinfo.Mounted(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return ok, err
}

// Holding returns the mount of this mount namespace that path lies on. Symbolic
// links are followed.
func Holding(path string) (Mount, error) {
	resolved, err := filepath.EvalSymlinks(path)
	if err == nil {
		resolved, err = filepath.Abs(resolved)
	}
	if err != nil {
		return Mount{}, err
	}
	infos, err := mountinfo.GetMounts(mountinfo.ParentsFilter(resolved))
	if err != nil {
		return Mount{}, fmt.Errorf("list the mounts above %s: %w", path, err)
	}
	var m Mount
	for _, in := range infos { // of several at one place the last one is on top
		if len(in.Mountpoint) >= len(m.Target) {
			m = Mount{Type: in.FSType, Source: in.Source, Target: in.Mountpoint, Options: strings.Split(in.Options, ",")}
		}
	}
	if m.Target == "" {
		return m, fmt.Errorf("%s lies on no mount that is seen here", path)
	}
	return m, nil
}
