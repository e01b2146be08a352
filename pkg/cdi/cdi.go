// Package cdi adds to a container what a vendor's files say of its devices: the
// Container Device Interface, https://github.com/cncf-tags/container-device-interface.
package cdi

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"tags.cncf.io/container-device-interface/pkg/cdi"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Dirs are the folders that are looked into where the caller names none; of two
// files with the same device that of the later folder counts.
func Dirs() []string { return []string{"/etc/cdi", "/var/run/cdi"} }

// Inject edits spec for devices, each vendor.com/class=name: nodes, environment,
// mounts and hooks, as the files in dirs say; no dirs are those of Dirs. The name
// all is every device of its kind where no file defines it. A device that no file
// has is of kind not_found, with what is known and the folders; spec may then
// have been changed. A file with null for an element is of kind corrupt.
func Inject(spec *specs.Spec, devices, dirs []string) (err error) {
	if len(devices) == 0 {
		return nil
	}
	if len(dirs) == 0 {
		dirs = Dirs()
	}
	defer func() {
		if recover() != nil { // the library looks at no element whether it is one
			err = errs.New(errs.Corrupt, "a device file has null where it has to say something: %s", withNull(dirs))
		}
	}()
	cache, err := cdi.NewCache(cdi.WithAutoRefresh(false), cdi.WithSpecDirs(dirs...))
	if err != nil {
		return errs.New(errs.Invalid, "read the device files in %s: %w", strings.Join(dirs, ", "), err)
	}
	known := cache.ListDevices()
	devices = everyOfKind(devices, known)
	missing, err := cache.InjectDevices(spec, devices...)
	if len(missing) > 0 {
		return errMissing(missing, known, dirs, broken(cache))
	}
	if err != nil {
		return errs.New(errs.Invalid, "device %s: %w", strings.Join(devices, ", "), err)
	}
	return nil
}

// everyOfKind replaces kind=all by the known devices of that kind where no file
// defines all.
func everyOfKind(devices, known []string) []string {
	var out []string
	for _, d := range devices {
		kind, all := strings.CutSuffix(d, "=all")
		var of []string
		for _, k := range known {
			if all && strings.HasPrefix(k, kind+"=") {
				of = append(of, k)
			}
		}
		if len(of) == 0 || slices.Contains(of, d) {
			of = []string{d}
		}
		out = append(out, of...)
	}
	return out
}

// broken are the files that could not be used, with the reason: the missing
// device may be in one of them.
func broken(cache *cdi.Cache) []string {
	all := cache.GetErrors()
	var out []string
	for _, path := range slices.Sorted(maps.Keys(all)) {
		for _, err := range all[path] {
			out = append(out, fmt.Sprintf("%s: %v", path, err))
		}
	}
	return out
}

func errMissing(missing, known, dirs, broken []string) error {
	have := "no device is known"
	if len(known) > 0 {
		have = "known are " + strings.Join(known, ", ")
	}
	text := fmt.Sprintf("no such device: %s: %s (files in %s)", strings.Join(missing, ", "), have, strings.Join(dirs, ", "))
	if len(broken) > 0 {
		text += "; not usable: " + strings.Join(broken, "; ")
	}
	return errs.New(errs.NotFound, "%s", text)
}
