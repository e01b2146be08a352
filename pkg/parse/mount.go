package parse

import (
	"encoding/csv"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Options of a bind in record.Mount.Options beside those of --volume.
const (
	BindNonRecursive     = "bind-nonrecursive" // mounts below the source are left out
	BindReadOnlyTop      = "ro-nonrecursive"   // read-only, but not the mounts below
	BindReadOnlyAllForce = "ro-recursive"      // read-only with all below, else fail
)

// Mount reads one --mount: a CSV line of type, source, target, readonly and the
// options of the type. cwd makes a relative source (./x) absolute. What docker
// has and Pouch has not is an error of kind unsupported.
func Mount(s, cwd string) (record.Mount, error) {
	if err := checkText("mount", s); err != nil {
		return record.Mount{}, err
	}
	fields, err := csvLine(s)
	if err != nil {
		return record.Mount{}, invalid("invalid mount %s: %w", s, err)
	}
	p := mountParser{m: record.Mount{Type: "volume"}, cwd: cwd}
	for _, f := range fields {
		if err := p.field(f); err != nil {
			return record.Mount{}, errs.New(errs.KindOf(err), "invalid argument %q for --mount: %w", s, err)
		}
	}
	if err := p.finish(); err != nil {
		return record.Mount{}, errs.New(errs.KindOf(err), "invalid argument %q for --mount: %w", s, err)
	}
	return p.m, nil
}

// csvLine splits one line at commas outside double quotes.
func csvLine(s string) ([]string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return nil, invalid("value is empty")
	}
	r := csv.NewReader(strings.NewReader(s))
	fields, err := r.Read()
	if err != nil {
		return nil, invalid("not a list of key=value separated by commas: %w", err)
	}
	if r.InputOffset() < int64(len(s)) {
		return nil, invalid("more than one line")
	}
	return fields, nil
}

// mountParser gathers the fields; options are checked against the type at the
// end, for it may come last.
type mountParser struct {
	m       record.Mount
	cwd     string
	source  string
	options []string // keys of bind-*, volume-* and tmpfs-* seen
}

func (p *mountParser) field(f string) error {
	key, val, has := strings.Cut(f, "=")
	if strings.TrimSpace(key) != key || strings.TrimSpace(val) != val {
		return invalid("invalid option '%s': option should not have whitespace", f)
	}
	key = strings.ToLower(key)
	if has && val == "" {
		return invalid("invalid value for '%s': value is empty", key)
	}
	on := true
	switch key {
	case "readonly", "ro", "volume-nocopy", "bind-create-src", "idmap", "u", "chown":
		if has {
			var err error
			if on, err = strictBool(val); err != nil {
				return invalid("invalid value for '%s': %w", key, err)
			}
		}
	default:
		if !has {
			return invalid("invalid field '%s' must be a key=value pair", f)
		}
	}
	if kind, _, ok := strings.Cut(key, "-"); ok && (kind == "bind" || kind == "volume" || kind == "tmpfs") {
		p.options = append(p.options, key)
	}
	return p.set(key, val, on)
}

func (p *mountParser) set(key, val string, on bool) (err error) {
	switch key {
	case "type":
		p.m.Type = strings.ToLower(val)
	case "source", "src":
		p.source = val
	case "target", "dst", "destination":
		p.m.Destination, err = Destination(val)
	case "readonly", "ro":
		p.m.ReadOnly = on
	case "idmap", "u", "chown": // podman's
		p.owners(key, on)
	case "consistency":
	case "bind-propagation":
		p.m.Propagation = strings.ToLower(val)
		if !slices.Contains(Propagations(), p.m.Propagation) {
			return invalid("invalid propagation: %s", val)
		}
	case "bind-recursive":
		return p.recursive(val)
	case "bind-create-src":
		p.m.CreateSource = on
	case "volume-nocopy":
		p.m.NoCopy = on
	case "tmpfs-size", "tmpfs-mode":
		return p.tmpfs(key, val)
	case "bind-nonrecursive":
		return invalid("bind-nonrecursive is deprecated, use bind-recursive=disabled instead")
	case "volume-driver", "volume-opt", "volume-label":
		p.newVolume(key, val)
	case "volume-subpath", "subpath":
		p.m.Subpath, err = subpath(val)
	case "image-subpath":
		return errs.New(errs.Unsupported, "%s: there are no mounts of images: copy what is wanted into a volume, and mount that", key)
	default:
		return invalid("unknown option '%s'", key)
	}
	return err
}

// tmpfs reads what tmpfs(5) calls size and mode.
func (p *mountParser) tmpfs(key, val string) error {
	var n int64
	var err error
	option := strings.TrimPrefix(key, "tmpfs-") + "="
	if key == "tmpfs-size" {
		n, err = Size(val)
		option += strconv.FormatInt(n, 10)
	} else {
		var mode uint64
		mode, err = strconv.ParseUint(val, 8, 12)
		option += strconv.FormatUint(mode, 8)
	}
	if err != nil {
		return invalid("invalid value for %s: %s", key, val)
	}
	p.m.Options = append(p.m.Options, option)
	return nil
}

// newVolume notes how the volume is made when there is none.
func (p *mountParser) newVolume(key, val string) {
	if p.m.Volume == nil {
		p.m.Volume = &record.NewVolume{}
	}
	v, to := p.m.Volume, &p.m.Volume.Options
	switch key {
	case "volume-driver":
		v.Driver = val
		return
	case "volume-label":
		to = &v.Labels
	}
	if *to == nil {
		*to = map[string]string{}
	}
	k, value, _ := strings.Cut(val, "=")
	(*to)[k] = value
}

// subpath is a path below a volume's root.
func subpath(s string) (string, error) {
	if !filepath.IsLocal(s) {
		return "", invalid("invalid volume subpath %q: it must be relative and must not lead out of the volume", s)
	}
	return path.Clean(s), checkText("volume-subpath", s)
}

// owners notes the options that -v calls idmap and U.
func (p *mountParser) owners(key string, on bool) {
	word := "U"
	if key == "idmap" {
		word = key
	}
	if p.m.Options = slices.DeleteFunc(p.m.Options, func(o string) bool { return o == word }); on {
		p.m.Options = append(p.m.Options, word)
	}
}

func (p *mountParser) recursive(val string) error {
	switch val {
	case "enabled":
	case "disabled":
		p.m.Options = append(p.m.Options, BindNonRecursive)
	case "writable":
		p.m.Options = append(p.m.Options, BindReadOnlyTop)
	case "readonly":
		p.m.Options = append(p.m.Options, BindReadOnlyAllForce)
	default:
		return invalid(`invalid value for bind-recursive: %s (must be "enabled", "disabled", "writable", or "readonly")`, val)
	}
	return nil
}

// finish checks the fields against each other.
func (p *mountParser) finish() error {
	m := &p.m
	for _, o := range p.options {
		if kind, _, _ := strings.Cut(o, "-"); kind != m.Type {
			return invalid("cannot mix '%s-*' options with mount type '%s'", kind, m.Type)
		}
	}
	if m.Destination == "" {
		return invalid("invalid mount config for type %q: field Target must not be empty", m.Type)
	}
	if m.Subpath != "" && m.Type != "volume" {
		return invalid("a subpath is for mounts of type volume")
	}
	if m.Subpath != "" && slices.Contains(m.Options, "U") {
		return invalid("the option U gives a whole volume away: it does not go together with volume-subpath")
	}
	if m.Type == "tmpfs" && (slices.Contains(m.Options, "U") || slices.Contains(m.Options, "idmap")) {
		return invalid("the options idmap and U are for mounts of type bind and volume")
	}
	for _, o := range m.Options {
		if !m.ReadOnly && (o == BindReadOnlyTop || o == BindReadOnlyAllForce) {
			return invalid("option 'bind-recursive' set to writable or readonly requires 'readonly' to be specified in conjunction")
		}
		if o == BindReadOnlyAllForce && m.Propagation != "rprivate" {
			return invalid("option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be specified in conjunction")
		}
	}
	return p.finishSource()
}

func (p *mountParser) finishSource() (err error) {
	m := &p.m
	switch m.Type {
	case "bind":
		if strings.HasPrefix(p.source, ".") {
			p.source = path.Join(p.cwd, p.source)
		}
		if !path.IsAbs(p.source) {
			return invalid("invalid mount config for type \"bind\": invalid mount path: '%s' mount path must be absolute", p.source)
		}
		m.Source = path.Clean(p.source)
		if len(m.Source) >= maxPath {
			return invalid("source is longer than %d bytes", maxPath)
		}
	case "volume":
		m.Anonymous = p.source == ""
		if !m.Anonymous {
			m.Name, err = Name("volume", p.source)
		}
	case "tmpfs":
		if p.source != "" {
			return invalid("invalid mount config for type \"tmpfs\": field Source must not be specified")
		}
	default:
		return errs.New(errs.Unsupported, "mount type '%s' is not known: use bind, volume or tmpfs", m.Type)
	}
	return err
}

func strictBool(s string) (bool, error) {
	switch s {
	case "1", "true":
		return true, nil
	case "0", "false":
		return false, nil
	}
	return false, invalid("invalid boolean value (%q)", s)
}
