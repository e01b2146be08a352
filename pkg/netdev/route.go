package netdev

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
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

// Route is a route of a network namespace; without Gateway what it leads to is
// on the link.
type Route struct {
	Destination netip.Prefix
	Gateway     netip.Addr
	Metric      int // 0: the kernel's
}

// SetRoutes writes routes in the network namespace at path, through its link
// iface; one to the same destination with the same metric is replaced, so the
// default route moves to this link. Idempotent.
func SetRoutes(path, iface string, routes []Route) error {
	if len(routes) == 0 {
		return nil
	}
	return inNetns(path, iface, func(h *netlink.Handle, index int) error {
		for _, r := range routes {
			err := h.RouteReplace(&netlink.Route{LinkIndex: index, Dst: toIPNet(r.Destination), Gw: r.Gateway.AsSlice(), Priority: r.Metric})
			if errors.Is(err, unix.ENETUNREACH) || errors.Is(err, unix.EINVAL) {
				return errs.New(errs.Invalid, "route to %s: the router %s cannot be reached by interface %s", r.Destination, r.Gateway, iface)
			}
			if err != nil {
				return fmt.Errorf("add route to %s: %w", r.Destination, err)
			}
		}
		return nil
	})
}

// DefaultRoutes are the routes to everywhere by the gateways.
func DefaultRoutes(gateways []netip.Addr, metric int) []Route {
	var out []Route
	for _, g := range gateways {
		to := netip.PrefixFrom(netip.IPv6Unspecified(), 0)
		if g.Is4() {
			to = netip.PrefixFrom(netip.IPv4Unspecified(), 0)
		}
		out = append(out, Route{to, g, metric})
	}
	return out
}

func toIPNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// AddDefaultRoutes adds default routes by the gateways in the network namespace
// at path, through its link iface; one that has a default route keeps it.
// Idempotent.
func AddDefaultRoutes(path, iface string, gateways []netip.Addr) error {
	return inNetns(path, iface, func(h *netlink.Handle, index int) error { return addDefaults(h, index, gateways) })
}

// inNetns calls do in the network namespace at path, for its link iface.
func inNetns(path, iface string, do func(h *netlink.Handle, index int) error) error {
	return Within(path, func() error {
		h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
		if err != nil {
			return err
		}
		defer h.Close()
		index, err := linkIndex(iface)
		if err != nil {
			return fmt.Errorf("link %s: %w", iface, err)
		}
		return do(h, index)
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
