package netdev

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// ParentVLAN splits the name of a VLAN's link, as eth0.10: a link and an
// identifier of 1 to 4094 (IEEE 802.1Q).
func ParentVLAN(name string) (under string, id int, ok bool) {
	i := strings.LastIndexByte(name, '.')
	if i < 1 {
		return "", 0, false
	}
	id, err := strconv.Atoi(name[i+1:])
	return name[:i], id, err == nil && id >= 1 && id <= 4094 && strconv.Itoa(id) == name[i+1:]
}

// EnsureVLAN makes the VLAN's link name (see ParentVLAN) with an alias, or
// completes what a killed command began, and sets it up. Idempotent. A missing
// link below it gives kind not_found, a kernel without VLANs unsupported.
func EnsureVLAN(name, alias string) error {
	under, id, ok := ParentVLAN(name)
	if !ok {
		return errs.New(errs.Invalid, "link %s: not the name of a VLAN, as eth0.10", name)
	}
	below, err := FindLink(under)
	if err != nil {
		return fmt.Errorf("VLAN %s: %w", name, err)
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.ParentIndex = name, below.Index
	attrs.Group = mark(alias)
	return ensureParent(&netlink.Vlan{LinkAttrs: attrs, VlanId: id, VlanProtocol: netlink.VLAN_PROTOCOL_8021Q}, alias)
}

// EnsureDummy makes a link that leads nowhere, as a parent of links that only
// reach each other, as EnsureVLAN does. A kernel that has none gives kind unsupported.
func EnsureDummy(name, alias string) error {
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.Group = name, mark(alias)
	attrs.HardwareAddr = hashMAC(name, alias)
	return ensureParent(&netlink.Dummy{LinkAttrs: attrs}, alias)
}

func ensureParent(l netlink.Link, alias string) error {
	a := l.Attrs()
	err := netlink.LinkAdd(l)
	if errors.Is(err, unix.EOPNOTSUPP) {
		return errs.New(errs.Unsupported, "make link %s: this kernel has no %s links: load the module for them, or name a parent that is there", a.Name, l.Type())
	}
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("make link %s: %w", a.Name, err)
	}
	now, err := FindLink(a.Name)
	if err != nil {
		return err
	}
	if now.Type != l.Type() || now.Alias != alias && !Unfinished(now, alias) {
		return errs.New(errs.Conflict, "link %s: already there and not made by this pouch (%s %q)", now.Name, now.Type, now.Alias)
	}
	if err := quietIPv6(a.Name, false); err != nil {
		return err
	}
	a.Index = now.Index
	if err := netlink.LinkSetUp(l); err != nil {
		return fmt.Errorf("set up link %s: %w", a.Name, err)
	}
	return name(now.Index, alias)
}
