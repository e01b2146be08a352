package supervisor

import (
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/pelletier/go-toml/v2"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/shim/taskapi"
	"github.com/pouchcontainer/pouch/pkg/wire"
)

// maxOptions bounds a file of runtime options.
const maxOptions = 1 << 20

// ownOptions are those of the stock shim's that have a meaning here, as CRI's
// configuration names them.
type ownOptions struct {
	BinaryName    string
	SystemdCgroup bool
}

// takeOptions takes what applies of the options of a runtime: runc's, which
// clients send to any runtime that is told to be like it, or the section
// "options" of CRI's configuration, which is TOML, or a file with such.
func (r *createRequest) takeOptions(o wire.Any) error {
	own, err := readOptions(o)
	if err != nil {
		return errs.New(errs.Invalid, "runtime options: %w", err)
	}
	r.runtime, r.systemd = own.BinaryName, own.SystemdCgroup
	if r.runtime != "" && !strings.Contains(r.runtime, "/") {
		path, err := exec.LookPath(r.runtime) // containerd's PATH: the administrator's word
		if err == nil {
			path, err = filepath.Abs(path)
		}
		if err != nil {
			return errs.New(errs.Unavailable, "runtime %s: %w", r.runtime, err)
		}
		r.runtime = path
	}
	return nil
}

func readOptions(o wire.Any) (own ownOptions, err error) {
	switch o.TypeURL {
	case "containerd.runc.v1.Options":
		var runc taskapi.RuncOptions
		err = wire.Unmarshal(o.Value, &runc)
		return ownOptions{runc.BinaryName, runc.SystemdCgroup}, err
	case "runtimeoptions.v1.Options":
		var general taskapi.RuntimeOptions
		if err = wire.Unmarshal(o.Value, &general); err != nil {
			return own, err
		}
		text := general.ConfigBody
		if len(text) == 0 && general.ConfigPath != "" {
			if text, err = fsx.ReadAtMost(general.ConfigPath, maxOptions); err != nil {
				return own, err
			}
		}
		err = toml.Unmarshal(text, &own)
		return own, err
	}
	return own, nil // none, or another runtime's
}

// wantsSystemd reports whether the spec's cgroup is named in the form that only
// systemd understands, SLICE:PREFIX:NAME (runc's docs/systemd.md), which kubelet
// uses with its cgroup driver systemd.
func wantsSystemd(spec *specs.Spec) bool {
	if spec.Linux == nil {
		return false
	}
	f := strings.Split(spec.Linux.CgroupsPath, ":")
	return len(f) == 3 && strings.HasSuffix(f[0], ".slice")
}
