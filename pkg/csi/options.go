package csi

import (
	"path/filepath"
	"strconv"
	"strings"
	"time"

	spec "github.com/container-storage-interface/spec/lib/go/csi"
	"github.com/docker/go-units"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// options are those of a volume, read.
type options struct {
	size, limit int64
	mode        spec.VolumeCapability_AccessMode_Mode
	fstype      string
	flags       []string
	block       bool
	params      map[string]string // for the driver
	context     map[string]string // of a volume that is there already
	handle      string            // its name
	secret      string            // path of the file
	snapshot    bool
	clone       bool
	controller  string
	timeout     time.Duration
}

// parseOptions reads what -o says. It fails with kind invalid.
func parseOptions(m map[string]string) (*options, error) {
	o := &options{mode: spec.VolumeCapability_AccessMode_SINGLE_NODE_WRITER, timeout: standard().call}
	for k, v := range m {
		if err := o.set(k, v); err != nil {
			return nil, err
		}
	}
	return o, o.check()
}

func (o *options) set(k, v string) error {
	if name, ok := strings.CutPrefix(k, "param."); ok && name != "" {
		put(&o.params, name, v)
		return nil
	}
	if name, ok := strings.CutPrefix(k, "context."); ok && name != "" {
		put(&o.context, name, v)
		return nil
	}
	var err error
	switch k {
	case "size":
		o.size, err = bytes(v)
	case "limit":
		o.limit, err = bytes(v)
	case "access":
		o.mode, err = access(v)
	case "fstype":
		o.fstype = v
	case "mount":
		o.flags = strings.FieldsFunc(v, func(r rune) bool { return r == ',' })
	case "block":
		o.block, err = strconv.ParseBool(v)
	case "handle":
		o.handle = v
	case "secret":
		if o.secret = v; !filepath.IsAbs(v) {
			err = errs.New(errs.Invalid, "an absolute path expected: later commands read it, too")
		}
	case "snapshot":
		o.snapshot = true
	case "clone":
		o.clone = true
	case "controller":
		o.controller = v
	case "timeout":
		o.timeout, err = time.ParseDuration(v)
	default:
		return errs.New(errs.Invalid, "invalid option: %q: a CSI driver's volume knows size, limit, access, fstype, mount, block, handle, secret, snapshot, clone, controller, timeout, param.KEY and context.KEY", k)
	}
	if err != nil {
		return errs.New(errs.Invalid, "option %s=%s: %w", k, v, err)
	}
	return nil
}

func put(m *map[string]string, k, v string) {
	if *m == nil {
		*m = map[string]string{}
	}
	(*m)[k] = v
}

// check looks at what does not go together.
func (o *options) check() error {
	switch {
	case o.size < 0 || o.limit < 0 || o.limit > 0 && o.limit < o.size:
		return errs.New(errs.Invalid, "option limit: it is below the size")
	case o.timeout <= 0:
		return errs.New(errs.Invalid, "option timeout: it must be above 0")
	case o.block && (o.fstype != "" || len(o.flags) > 0):
		return errs.New(errs.Invalid, "option block: a device has no fstype and no mount flags")
	case o.snapshot && o.clone:
		return errs.New(errs.Invalid, "options snapshot and clone: a volume is a copy of one thing")
	case o.handle != "" && (o.size > 0 || o.limit > 0 || o.snapshot || o.clone || o.params != nil):
		return errs.New(errs.Invalid, "option handle: the volume is there already: size, limit, snapshot, clone and param say nothing of it")
	case o.handle == "" && o.context != nil:
		return errs.New(errs.Invalid, "option context: only of a volume that is there already, with handle")
	}
	return nil
}

func bytes(s string) (int64, error) {
	n, err := units.RAMInBytes(s)
	if err == nil && n <= 0 {
		err = errs.New(errs.Invalid, "it must be above 0")
	}
	return n, err
}

// access is a mode by its usual short name.
func access(s string) (spec.VolumeCapability_AccessMode_Mode, error) {
	switch s {
	case "rwo":
		return spec.VolumeCapability_AccessMode_SINGLE_NODE_WRITER, nil
	case "rox":
		return spec.VolumeCapability_AccessMode_MULTI_NODE_READER_ONLY, nil
	case "rwx":
		return spec.VolumeCapability_AccessMode_MULTI_NODE_MULTI_WRITER, nil
	}
	return 0, errs.New(errs.Invalid, "rwo (one host writes), rox (all read) or rwx (all write) expected")
}

// readOnly reports whether nothing can be written.
func (o *options) readOnly() bool {
	return o.mode == spec.VolumeCapability_AccessMode_MULTI_NODE_READER_ONLY
}

// capability says what the volume is to be. Of a driver that tells them apart a
// host has several writers: containers.
func (c *Client) capability(o *options) *spec.VolumeCapability {
	mode := o.mode
	if mode == spec.VolumeCapability_AccessMode_SINGLE_NODE_WRITER && c.nodeCan(spec.NodeServiceCapability_RPC_SINGLE_NODE_MULTI_WRITER) {
		mode = spec.VolumeCapability_AccessMode_SINGLE_NODE_MULTI_WRITER
	}
	vc := &spec.VolumeCapability{AccessMode: &spec.VolumeCapability_AccessMode{Mode: mode}}
	if o.block {
		vc.AccessType = &spec.VolumeCapability_Block{Block: &spec.VolumeCapability_BlockVolume{}}
	} else {
		vc.AccessType = &spec.VolumeCapability_Mount{Mount: &spec.VolumeCapability_MountVolume{FsType: o.fstype, MountFlags: o.flags}}
	}
	return vc
}

// size is the wish for a size; nil: any.
func capacity(size, limit int64) *spec.CapacityRange {
	if size == 0 && limit == 0 {
		return nil
	}
	return &spec.CapacityRange{RequiredBytes: size, LimitBytes: limit}
}
