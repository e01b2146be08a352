package spec

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Merged is what comes of an image's configuration and the caller's words.
type Merged struct {
	Process  record.Process
	Labels   record.Labels
	Volumes  []string      // paths at which the image wants a volume, clean and sorted
	Exposed  []record.Port // the image's ports, without a place on the host
	Warnings []string      // what of the image was left out, and why
}

// Merge applies o to img. Of an image only these reach a record: entrypoint,
// command, environment, working directory, user, stop signal, volumes, ports and
// labels outside the reserved prefixes (CVE-2026-53488); each is checked
// (CVE-2022-23648). An image that asks for what cannot be, and a working
// directory of the caller's that is not absolute, are of kind invalid.
func Merge(img ocispec.ImageConfig, o Overrides) (*Merged, error) {
	m := &Merged{}
	if err := m.command(img, o); err != nil {
		return nil, err
	}
	base := o.HostEnv
	if !o.NoImageEnv {
		base = append(slices.Clip(base), m.imageEnv(img.Env)...)
	}
	m.Process.Env = MergeEnv(base, o.Env)
	if err := m.place(img, o); err != nil {
		return nil, err
	}
	m.Process.Groups, m.Process.Rlimits = o.Groups, o.Rlimits
	m.Process.TTY, m.Process.OpenStdin, m.Process.Init = o.TTY, o.OpenStdin, o.Init
	m.Process.StopTimeout = o.StopTimeout
	m.Process.PreserveFDs, m.Process.Umask = o.PreserveFDs, o.Umask
	m.stopSignal(img.StopSignal, o.StopSignal)
	m.labels(img.Labels, o.Labels)
	m.ports(img.ExposedPorts)
	return m, m.volumes(img.Volumes)
}

func (m *Merged) warn(format string, args ...any) {
	m.Warnings = append(m.Warnings, fmt.Sprintf(format, args...))
}

// command sets what runs: an entrypoint of the caller's makes the image's
// command count no more, a command of the caller's replaces only the image's.
func (m *Merged) command(img ocispec.ImageConfig, o Overrides) error {
	p := &m.Process
	p.Entrypoint, p.Cmd = o.Entrypoint, o.Cmd
	if !o.EntrypointSet {
		p.Entrypoint = img.Entrypoint
		if len(p.Cmd) == 0 {
			p.Cmd = img.Cmd
		}
	}
	if len(p.Entrypoint) == 1 && p.Entrypoint[0] == "" {
		p.Entrypoint = nil
	}
	for _, a := range p.Args() {
		if strings.ContainsRune(a, 0) {
			return errs.New(errs.Invalid, "command %q: contains a NUL byte", a)
		}
	}
	if len(p.Args()) == 0 && !o.NoCmd {
		return errs.New(errs.Invalid, "no command specified: the image names none; give one after the image")
	}
	return nil
}

// imageEnv leaves out what is no K=V.
func (m *Merged) imageEnv(env []string) []string {
	out := make([]string, 0, len(env))
	for _, kv := range env {
		if key, _, ok := strings.Cut(kv, "="); !ok || key == "" || strings.ContainsRune(kv, 0) {
			m.warn("image: environment %.64q is not K=V: left out", kv)
			continue
		}
		out = append(out, kv)
	}
	return out
}

// place sets working directory and user.
func (m *Merged) place(img ocispec.ImageConfig, o Overrides) error {
	p := &m.Process
	p.Cwd, p.User = o.Cwd, o.User
	if p.Cwd == "" {
		p.Cwd = path.Join("/", img.WorkingDir)
	}
	if !path.IsAbs(p.Cwd) {
		return errs.New(errs.Invalid, "the working directory '%s' is invalid, it needs to be an absolute path", p.Cwd)
	}
	if strings.ContainsRune(p.Cwd, 0) {
		return errs.New(errs.Invalid, "working directory %q: contains a NUL byte", p.Cwd)
	}
	p.Cwd = path.Clean(p.Cwd)
	if p.User == "" {
		p.User = img.User
	}
	if _, err := parse.User(p.User); err != nil {
		return errs.New(errs.Invalid, "image: %w", err)
	}
	return nil
}

func (m *Merged) stopSignal(img, own string) {
	m.Process.StopSignal = own
	if own != "" || img == "" {
		return
	}
	if _, err := parse.Signal(img); err != nil {
		m.warn("image: stop signal %.32q is none: SIGTERM is used", img)
		return
	}
	m.Process.StopSignal = img
}

// ReservedLabel reports whether an image may not set key: labels there steer
// containerd, its CRI plugin or Pouch.
func ReservedLabel(key string) bool {
	k := strings.ToLower(key)
	for _, p := range []string{"containerd.io/", "io.containerd.", "io.cri-containerd", "io.kubernetes.cri", "pouch."} {
		if strings.HasPrefix(k, p) {
			return true
		}
	}
	return false
}

func (m *Merged) labels(img, own record.Labels) {
	out := record.Labels{}
	for _, k := range slices.Sorted(maps.Keys(img)) {
		if ReservedLabel(k) || k == "" || strings.ContainsRune(k, 0) {
			m.warn("image: label %.64q is reserved: left out", k)
			continue
		}
		out[k] = img[k]
	}
	maps.Copy(out, own)
	if len(out) > 0 {
		m.Labels = out
	}
}

// maxExposed bounds the ports of an image.
const maxExposed = 1024

func (m *Merged) ports(img map[string]struct{}) {
	for _, k := range slices.Sorted(maps.Keys(img)) {
		ports, err := parse.Expose(k)
		if err != nil || len(m.Exposed)+len(ports) > maxExposed {
			m.warn("image: port %.32q is none, or is one of too many: left out", k)
			continue
		}
		m.Exposed = append(m.Exposed, ports...)
	}
}

// volumes takes only paths that stay where they are written: absolute and
// without "..", so that nothing is made or copied elsewhere.
func (m *Merged) volumes(img map[string]struct{}) error {
	for k := range img {
		dst, err := parse.Destination(k)
		if err == nil && slices.Contains(strings.Split(k, "/"), "..") {
			err = errs.New(errs.Invalid, "path has '..'")
		}
		if err != nil {
			return errs.New(errs.Invalid, "image: invalid volume %.128q: %w", k, err)
		}
		if !slices.Contains(m.Volumes, dst) {
			m.Volumes = append(m.Volumes, dst)
		}
	}
	slices.Sort(m.Volumes)
	return nil
}
