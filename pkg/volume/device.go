package volume

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// checkOptions accepts what docker's local driver does: type and device, both
// or none, and o, the mount options; or, without a device, a limit.
func checkOptions(o map[string]string) error {
	if len(o) == 0 {
		return nil
	}
	for k, v := range o {
		if !slices.Contains([]string{"type", "o", "device", "size", "inodes"}, k) {
			return errs.New(errs.Invalid, "invalid option: %q: the local driver knows type, o and device, or size and inodes", k)
		}
		if strings.IndexByte(v, 0) >= 0 {
			return errs.New(errs.Invalid, "option %s holds a NUL byte", k)
		}
	}
	if q, err := limitOf(o); q != nil || err != nil {
		return err
	}
	for _, k := range []string{"type", "device"} {
		if o[k] == "" {
			return errs.New(errs.Invalid, "missing required option: %q: type and device go together", k)
		}
	}
	_, err := mount.Parse(strings.Split(o["o"], ","))
	return err
}

// Mount mounts the volumes of c that have a device or a driver of their own, unless
// they are: before c's supervisor starts, whose mounts are a copy of those of that
// moment. Release undoes it. It fails when a device cannot be mounted, naming volume
// and device. Idempotent.
func (m *Manager) Mount(ctx context.Context, c *record.Container) error {
	for _, name := range named(c) {
		v, err := m.s.Volume(name)
		if err != nil {
			return err
		}
		if !onDevice(v) {
			continue
		}
		if err := os.MkdirAll(m.s.RunDir(c.ID), 0o700); err != nil { // c is a user from now on
			return err
		}
		if err := m.mountLocked(ctx, v); err != nil {
			return fmt.Errorf("mount volume %s: %w", name, err)
		}
	}
	m.tellMounts(c)
	return nil
}

// tellMounts tells that c has its volumes.
func (m *Manager) tellMounts(c *record.Container) {
	for _, mt := range c.Mounts {
		if mt.Type == "volume" {
			m.eventOf(mt.Name, "mount", record.Labels{
				"container": c.ID, "destination": mt.Destination, "propagation": mt.Propagation, "read/write": strconv.FormatBool(!mt.ReadOnly),
			})
		}
	}
}

func (m *Manager) mountLocked(ctx context.Context, v *record.Volume) error {
	if m.apart(v.Driver) {
		return m.drive(ctx, driveMount, v, "")
	}
	l, err := m.lockPatiently(ctx, v.Name)
	if err != nil {
		return err
	}
	defer l.Unlock()
	return m.mountDevice(ctx, v)
}

// mountDevice mounts what the volume's options name on its data folder, unless
// that is done. The caller holds the volume's lock. Idempotent.
func (m *Manager) mountDevice(ctx context.Context, v *record.Volume) error {
	if isForeign(v.Driver) {
		return m.mountForeign(ctx, v.Name)
	}
	data := m.s.VolumeData(v.Name)
	if err := makeData(data); err != nil {
		return err
	}
	on, err := mount.Mounted(data)
	if err != nil || on {
		return err
	}
	d, err := device(ctx, v.Options)
	if err != nil {
		return err
	}
	return d.At(data)
}

func device(ctx context.Context, o map[string]string) (mount.Mount, error) {
	d := mount.Mount{Type: o["type"], Source: o["device"], Options: strings.Split(o["o"], ",")}
	if o["o"] == "" {
		d.Options = nil
	}
	if isBind(d) {
		return d, checkBindDevice(d.Source)
	}
	if strings.HasPrefix(d.Type, "nfs") || d.Type == "cifs" {
		return d, resolveAddr(ctx, d.Options)
	}
	return d, nil
}

func isBind(d mount.Mount) bool {
	return d.Type == "bind" || slices.Contains(d.Options, "bind") || slices.Contains(d.Options, "rbind")
}

func checkBindDevice(path string) error {
	if !filepath.IsAbs(path) {
		return errs.New(errs.Invalid, "device %s: the folder of a bind must be an absolute path", path)
	}
	if _, err := os.Stat(path); err != nil {
		return errs.New(errs.Invalid, "device: %w", err)
	}
	return nil
}

// resolveAddr replaces the host name in addr= by an address: the kernel's nfs
// and cifs take nothing else (nfs(5)).
func resolveAddr(ctx context.Context, options []string) error {
	for i, opt := range options {
		host, ok := strings.CutPrefix(opt, "addr=")
		if !ok || net.ParseIP(host) != nil {
			continue
		}
		ips, err := net.DefaultResolver.LookupIPAddr(ctx, host)
		if err != nil {
			return errs.New(errs.Unavailable, "look up the server: %w", err)
		}
		options[i] = "addr=" + ips[0].String()
	}
	return nil
}
