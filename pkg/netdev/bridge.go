package netdev

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Bridge is a bridge link and the host's addresses on it.
type Bridge struct {
	Name  string
	Alias string         // says who made it; a link with another alias is not touched
	Addrs []netip.Prefix // the gateways, each with its network's length
	MTU   int            // bytes; 0: as the link of the default route
	VLAN  uint16         // the bridge filters, and its ports are untagged members of this one; 0: no filter
}

// EnsureBridge makes the bridge, its addresses and sets it up, or completes
// what a killed command began. Idempotent. A link of that name which is not
// this bridge gives kind conflict.
func EnsureBridge(b Bridge) (*Link, error) {
	l, err := FindLink(b.Name)
	if errs.Is(err, errs.NotFound) {
		l, err = addBridge(b)
	}
	if err != nil {
		return nil, err
	}
	if !isBridge(l, b) {
		return nil, errs.New(errs.Conflict, "link %s: already there and not made by this pouch (%s %q): remove it", b.Name, l.Type, l.Alias)
	}
	if err := fillBridge(l, b); err != nil {
		return nil, fmt.Errorf("set up bridge %s: %w", b.Name, err)
	}
	return FindLink(b.Name)
}

// isBridge reports whether l is b: by its alias, or by its address when a
// killed command had not come to the alias.
func isBridge(l *Link, b Bridge) bool {
	if l.Type != "bridge" {
		return false
	}
	return l.Alias == b.Alias || (l.Alias == "" && l.MAC == HashMAC(b.Name, b.Alias))
}

func addBridge(b Bridge) (*Link, error) {
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MTU = b.Name, b.MTU
	attrs.HardwareAddr = hashMAC(b.Name, b.Alias) // fixed: else it follows the ports
	if attrs.MTU == 0 {
		attrs.MTU = uplinkMTU()
	}
	dev := &netlink.Bridge{LinkAttrs: attrs}
	if b.VLAN != 0 {
		filter := true
		dev.VlanFiltering, dev.VlanDefaultPVID = &filter, &b.VLAN
	}
	err := netlink.LinkAdd(dev)
	if errors.Is(err, unix.EOPNOTSUPP) && b.VLAN != 0 {
		return nil, errs.New(errs.Unsupported, "make bridge %s: this kernel has no VLAN filter of bridges (CONFIG_BRIDGE_VLAN_FILTERING)", b.Name)
	}
	if err != nil && !errors.Is(err, unix.EEXIST) { // somebody else made it just now
		return nil, fmt.Errorf("make bridge %s: %w", b.Name, err)
	}
	return FindLink(b.Name)
}

func fillBridge(l *Link, b Bridge) error {
	if err := quietIPv6(b.Name, hasIPv6(b.Addrs)); err != nil {
		return err
	}
	dev := &netlink.Device{LinkAttrs: netlink.LinkAttrs{Name: l.Name, Index: l.Index}}
	addrs := b.Addrs
	if hasIPv6(addrs) {
		addrs = append(slices.Clone(addrs), linkLocal(hashMAC(b.Name, b.Alias)))
	}
	for _, a := range addrs {
		if err := netlink.AddrReplace(dev, toAddr(a)); err != nil {
			return fmt.Errorf("add address %s: %w", a, err)
		}
	}
	if err := netlink.LinkSetUp(dev); err != nil || l.Alias == b.Alias {
		return err
	}
	return netlink.LinkSetAlias(dev, b.Alias) // last: it says that the rest is done
}

func toAddr(p netip.Prefix) *netlink.Addr {
	a := &netlink.Addr{IPNet: &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}}
	if p.Addr().Is6() {
		a.Flags = unix.IFA_F_NODAD // addresses come from one owner: no wait for duplicates
	}
	return a
}

func hasIPv6(ps []netip.Prefix) bool {
	for _, p := range ps {
		if p.Addr().Is6() {
			return true
		}
	}
	return false
}

// hashMAC returns a locally administered unicast address that follows from words.
func hashMAC(words ...string) net.HardwareAddr {
	h := sha256.New()
	for _, w := range words {
		fmt.Fprintf(h, "%d:%s", len(w), w)
	}
	mac := h.Sum(nil)[:6]
	mac[0] = mac[0]&^1 | 2
	return mac
}

// HashMAC returns a locally administered MAC address that follows from words.
func HashMAC(words ...string) string { return hashMAC(words...).String() }
