package supervisor

import (
	"fmt"
	"hash/fnv"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/profiles/apparmor"
	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/opencontainers/selinux/go-selinux"
	"github.com/opencontainers/selinux/go-selinux/label"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

// confine does what AppArmor and SELinux need done on the host before the root of
// the container with specification s is mounted.
func (t *task) confine(s *specs.Spec) error {
	if err := knownAppArmor(s.Process.ApparmorProfile); err != nil {
		return err
	}
	if !selinux.GetEnabled() || s.Linux == nil {
		return nil
	}
	return t.label(s)
}

// knownAppArmor makes sure that the kernel knows the profile: the default one is
// loaded, others are the administrator's.
func knownAppArmor(name string) error {
	switch name {
	case "", "unconfined":
		return nil
	case spec.DefaultAppArmor:
		return loadAppArmor(name)
	}
	loaded, err := apparmor.IsLoaded(name)
	if err == nil && !loaded {
		return errs.New(errs.Invalid, "--security-opt apparmor=%s: no such profile is loaded: apparmor_parser -r loads one from a file", name)
	}
	return nil // where nobody can say, the kernel will
}

// loadAppArmor loads the default profile unless the kernel has it. Idempotent.
func loadAppArmor(name string) error {
	loaded, err := apparmor.IsLoaded(name)
	if err == nil && !loaded {
		err = apparmor.InstallDefault(name)
	}
	if err != nil {
		return errs.New(errs.Unavailable, "load the AppArmor profile %s: %s: install apparmor, or say --security-opt apparmor=unconfined", name, strings.ReplaceAll(err.Error(), "\n", " "))
	}
	return nil
}

// label sets the labels of the container's processes and files, docker's rules: a
// container that has the host's processes or IPC has none, one that joins those
// of another container has that one's.
func (t *task) label(s *specs.Spec) error {
	owner := t.rec
	for _, mode := range []string{owner.Host.IpcMode, owner.Host.PidMode} {
		if id, ok := strings.CutPrefix(mode, spec.JoinContainer); ok && len(t.rec.Host.SELinux) == 0 {
			other, err := t.s.store.Container(id)
			if err != nil {
				return err
			}
			owner = other
		}
	}
	options := labelOptions(owner)
	process, files, err := label.InitLabels(options)
	if err != nil {
		return errs.New(errs.Invalid, "--security-opt label=%s: %w", strings.Join(options, ","), err)
	}
	s.Process.SelinuxLabel, s.Linux.MountLabel = process, files
	if files == "" {
		return nil
	}
	for _, m := range s.Mounts { // Pouch's own files in it
		if filepath.Dir(m.Source) != t.s.store.ContainerDir(t.id) {
			continue
		}
		if err := label.SetFileLabel(m.Source, files); err != nil {
			return fmt.Errorf("label %s: %w", m.Source, err)
		}
	}
	for _, m := range t.rec.Mounts {
		shared, own := hasOption(m, "z"), hasOption(m, "Z")
		if !shared && !own {
			continue
		}
		if err := label.Relabel(m.Source, files, shared); err != nil {
			return fmt.Errorf("label %s for %s: %w", m.Source, m.Destination, err)
		}
	}
	return nil
}

// labelled are the mounts of a root whose files all have that label.
func labelled(root []mount.Mount, files string) []mount.Mount {
	out := slices.Clone(root)
	for i, m := range out {
		if context := label.FormatMountLabel("", files); context != "" && m.Type == "overlay" {
			out[i].Options = append(slices.Clone(m.Options), context)
		}
	}
	return out
}

// labelOptions are the container's own, and a level that follows from its id: two
// categories keep it from other containers, in this life and the next.
func labelOptions(c *record.Container) []string {
	h := c.Host
	if h.Privileged || h.PidMode == "host" || h.IpcMode == "host" {
		return append([]string{"disable"}, h.SELinux...)
	}
	if slices.ContainsFunc(h.SELinux, func(o string) bool { return o == "disable" || strings.HasPrefix(o, "level:") }) {
		return h.SELinux
	}
	return append([]string{"level:" + levelOf(c.ID)}, h.SELinux...)
}

// levelOf chooses two of the 1024 categories of the targeted policy.
func levelOf(id string) string {
	const categories = 1024
	sum := fnv.New64a()
	sum.Write([]byte(id))
	n := sum.Sum64()
	a := n % categories
	b := (a + 1 + n/categories%(categories-1)) % categories
	return fmt.Sprintf("s0:c%d,c%d", min(a, b), max(a, b))
}
