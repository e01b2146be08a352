package netdev

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// VXLAN is a link that carries the frames of the bridge Master to the bridges
// of other hosts, in UDP packets (RFC 7348). What it has to send to everybody
// it sends to every peer; the peer behind which a MAC address is it learns from
// what comes in.
type VXLAN struct {
	Name   string
	Alias  string // says who made it
	Master string
	VNI    uint32
	Port   uint16       // UDP, of every host
	Local  netip.Addr   // of this host; the zero value: as the routes have it
	Peers  []netip.Addr // the other hosts, all of one family
	MTU    int
}

// VXLANOverhead is how many bytes of a packet between hosts are not a frame's
// payload: headers of IP, UDP, VXLAN and Ethernet.
func VXLANOverhead(v6 bool) int {
	if v6 {
		return 40 + 8 + 8 + 14
	}
	return 20 + 8 + 8 + 14
}

// v6 reports whether the packets between hosts are IPv6.
func (v VXLAN) v6() bool {
	return v.Local.Is6() || slices.ContainsFunc(v.Peers, netip.Addr.Is6)
}

// EnsureVXLAN makes the link, a port of its bridge with exactly these peers, and
// sets it up, or completes what a killed command began. Idempotent. A VNI that
// another link of the host has on the same port, or a link of that name which is
// not this one, gives kind conflict; a kernel without VXLAN unsupported.
func EnsureVXLAN(v VXLAN) error {
	l, err := FindLink(v.Name)
	if errs.Is(err, errs.NotFound) {
		l, err = addVXLAN(v)
	}
	if err != nil {
		return err
	}
	if l.Type != "vxlan" || l.Alias != v.Alias && !Unfinished(l, v.Alias) {
		return errs.New(errs.Conflict, "link %s: already there and not made by this pouch (%s %q): remove it", v.Name, l.Type, l.Alias)
	}
	err = fillVXLAN(l, v)
	if errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EPROTONOSUPPORT) {
		// It was made for peers of the other family.
		if err = DeleteLink(v.Name); err == nil {
			l, err = addVXLAN(v)
		}
		if err == nil {
			err = fillVXLAN(l, v)
		}
	}
	if err != nil {
		return fmt.Errorf("set up VXLAN %s: %w", v.Name, err)
	}
	return nil
}

func addVXLAN(v VXLAN) (*Link, error) {
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MTU, attrs.Group = v.Name, v.MTU, mark(v.Alias)
	attrs.HardwareAddr = hashMAC(v.Name, v.Alias)
	link := &netlink.Vxlan{LinkAttrs: attrs, VxlanId: int(v.VNI), Port: int(v.Port), Learning: true, UDPCSum: true}
	if v.Local.IsValid() {
		link.SrcAddr = v.Local.AsSlice()
	} else if v.v6() {
		link.Group = net.IPv6unspecified // the family of the link's socket
	}
	err := netlink.LinkAdd(link)
	switch {
	case errors.Is(err, unix.EEXIST):
		l, again := FindLink(v.Name) // somebody else made it just now
		if again != nil {
			return nil, errs.New(errs.Conflict, "VXLAN %s: another link of this host has VNI %d on UDP port %d", v.Name, v.VNI, v.Port)
		}
		return l, nil
	case errors.Is(err, unix.EOPNOTSUPP):
		return nil, errs.New(errs.Unsupported, "VXLAN %s: this kernel has no VXLAN: load the module vxlan", v.Name)
	case errors.Is(err, unix.EADDRNOTAVAIL):
		return nil, errs.New(errs.Invalid, "VXLAN %s: this host does not have the address %s", v.Name, v.Local)
	case err != nil:
		return nil, fmt.Errorf("make VXLAN %s: %w", v.Name, err)
	}
	return FindLink(v.Name)
}

func fillVXLAN(l *Link, v VXLAN) error {
	if err := quietIPv6(v.Name, false); err != nil {
		return err
	}
	master, err := FindLink(v.Master)
	if err != nil {
		return err
	}
	dev := &netlink.Device{LinkAttrs: netlink.LinkAttrs{Name: l.Name, Index: l.Index}}
	if err := netlink.LinkSetMasterByIndex(dev, master.Index); err != nil {
		return err
	}
	if err := setPeers(l.Index, v.Peers); err != nil {
		return err
	}
	if err := netlink.LinkSetUp(dev); err != nil || l.Alias == v.Alias {
		return explainUp(v, err)
	}
	return name(l.Index, v.Alias) // last: it says that the rest is done
}

// explainUp: the socket is bound when the link goes up.
func explainUp(v VXLAN, err error) error {
	if errors.Is(err, unix.EADDRINUSE) {
		return errs.New(errs.Conflict, "UDP port %d is in use by a process of this host", v.Port)
	}
	return err
}

// VXLANPeers returns the hosts to which the link name sends what is for everybody.
func VXLANPeers(name string) ([]netip.Addr, error) {
	l, err := FindLink(name)
	if err != nil {
		return nil, err
	}
	return peers(l.Index)
}

func peers(index int) ([]netip.Addr, error) {
	all, err := netlink.NeighList(index, unix.AF_BRIDGE)
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		return nil, fmt.Errorf("list peers: %w", err)
	}
	var out []netip.Addr
	for _, n := range all {
		a, ok := netip.AddrFromSlice(n.IP)
		if a = a.Unmap(); ok && !a.IsUnspecified() && isZero(n.HardwareAddr) && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out, nil
}

func isZero(mac net.HardwareAddr) bool { return slices.Equal(mac, make(net.HardwareAddr, 6)) }

// setPeers adds the entries that are missing, then removes the others.
func setPeers(index int, want []netip.Addr) error {
	have, err := peers(index)
	if err != nil {
		return err
	}
	for _, p := range want {
		if slices.Contains(have, p) {
			continue
		}
		if err := netlink.NeighAppend(flood(index, p)); err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("add peer %s: %w", p, err)
		}
	}
	for _, p := range have {
		if slices.Contains(want, p) {
			continue
		}
		if err := netlink.NeighDel(flood(index, p)); err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("remove peer %s: %w", p, err)
		}
		if err := forgetPeer(index, p); err != nil {
			return err
		}
	}
	return nil
}

// flood is the forwarding entry of what is for everybody: bridge(8), fdb append.
func flood(index int, to netip.Addr) *netlink.Neigh {
	return entry(index, make(net.HardwareAddr, 6), to)
}

func entry(index int, mac net.HardwareAddr, to netip.Addr) *netlink.Neigh {
	return &netlink.Neigh{
		LinkIndex: index, Family: unix.AF_BRIDGE, State: netlink.NUD_PERMANENT | netlink.NUD_NOARP,
		Flags: netlink.NTF_SELF, HardwareAddr: mac, IP: to.AsSlice(),
	}
}

// forgetPeer removes what was learned from a peer that is one no more.
func forgetPeer(index int, p netip.Addr) error {
	all, err := netlink.NeighList(index, unix.AF_BRIDGE)
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		return err
	}
	for _, n := range all {
		a, ok := netip.AddrFromSlice(n.IP)
		if !ok || a.Unmap() != p {
			continue
		}
		if err := netlink.NeighDel(entry(index, n.HardwareAddr, p)); err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("forget %s behind %s: %w", n.HardwareAddr, p, err)
		}
	}
	return nil
}

// PathMTU returns the MTU of the link by which packets to an address leave,
// defaultMTU where there is no route.
func PathMTU(to netip.Addr) int {
	rs, err := netlink.RouteGet(to.AsSlice())
	if err != nil || len(rs) == 0 {
		return defaultMTU
	}
	l, err := netlink.LinkByIndex(rs[0].LinkIndex)
	if err != nil {
		return defaultMTU
	}
	return min(l.Attrs().MTU, 65535)
}
