package netdev

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const defaultMTU = 1500

// Routes returns the destinations of the host's live routes in every routing
// table; default routes are left out.
func Routes() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		rs, err := netlink.RouteListFiltered(family, &netlink.Route{Table: unix.RT_TABLE_UNSPEC}, netlink.RT_FILTER_TABLE)
		if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
			return nil, fmt.Errorf("list routes: %w", err)
		}
		for _, r := range rs {
			if p, ok := toPrefix(r.Dst); ok && p.Bits() > 0 {
				out = append(out, p)
			}
		}
	}
	return out, nil
}

func toPrefix(n *net.IPNet) (netip.Prefix, bool) {
	if n == nil {
		return netip.Prefix{}, false
	}
	a, ok := netip.AddrFromSlice(n.IP)
	ones, _ := n.Mask.Size()
	return netip.PrefixFrom(a.Unmap(), ones).Masked(), ok
}

// uplinkMTU returns the MTU of the link that the default route leaves by, so
// that packets of containers fit through it.
func uplinkMTU() int {
	rs, err := netlink.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Dst: nil}, netlink.RT_FILTER_DST)
	if err != nil || len(rs) == 0 {
		return defaultMTU
	}
	l, err := netlink.LinkByIndex(rs[0].LinkIndex)
	if err != nil || l.Attrs().MTU < 1280 {
		return defaultMTU
	}
	return min(l.Attrs().MTU, 65535)
}

// AddDefaultRoutes adds default routes by the gateways in the network namespace
// at path, through its link iface; one that has a default route keeps it.
// Idempotent.
func AddDefaultRoutes(path, iface string, gateways []netip.Addr) error {
	ns, _, err := openNetns(path)
	if err != nil {
		return err
	}
	defer ns.Close()
	return within(ns, func() error {
		h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
		if err != nil {
			return err
		}
		defer h.Close()
		index, err := linkIndex(iface)
		if err != nil {
			return fmt.Errorf("link %s: %w", iface, err)
		}
		return addDefaults(h, index, gateways)
	})
}

func addDefaults(h *netlink.Handle, index int, gateways []netip.Addr) error {
	for _, g := range gateways {
		err := h.RouteAdd(&netlink.Route{LinkIndex: index, Gw: g.AsSlice()})
		if err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("add default route by %s: %w", g, err)
		}
	}
	return nil
}
