package netdev

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// LinkTo is the name of the link by which this host's packets to an address leave,
// and "" when there is no route.
func LinkTo(to netip.Addr) (string, error) { return linkTo(to, nil) }

// LinkBack is the name of the link by which the answers of a bridge's member to an
// address leave this host, by the rules of routing that count for them; "" when there
// is no route.
func LinkBack(bridge string, member, to netip.Addr) (string, error) {
	return linkTo(to, &netlink.RouteGetOptions{Iif: bridge, SrcAddr: net.IP(member.AsSlice())})
}

func linkTo(to netip.Addr, o *netlink.RouteGetOptions) (string, error) {
	rs, err := netlink.RouteGetWithOptions(net.IP(to.AsSlice()), o)
	if errors.Is(err, unix.ENETUNREACH) || errors.Is(err, unix.EHOSTUNREACH) || err == nil && len(rs) == 0 {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look up the route to %s: %w", to, err)
	}
	l, err := netlink.LinkByIndex(rs[0].LinkIndex)
	if err != nil {
		return "", fmt.Errorf("look up the link of the route to %s: %w", to, err)
	}
	return l.Attrs().Name, nil
}

// LinkWith is the name of the host's link that has an address, and "" for none.
func LinkWith(a netip.Addr) (string, error) {
	all, err := net.Interfaces()
	if err != nil {
		return "", err
	}
	for _, l := range all {
		addrs, err := l.Addrs()
		if err != nil {
			continue // gone just now
		}
		for _, x := range addrs {
			if p, err := netip.ParsePrefix(x.String()); err == nil && p.Addr() == a {
				return l.Name, nil
			}
		}
	}
	return "", nil
}

// Conf is a setting of IPv4 of a link of this host, of the kernel's ip-sysctl
// document: conf/LINK/NAME. One that the kernel lacks is 0.
func Conf(link, name string) int {
	text, err := os.ReadFile(filepath.Join("/proc/sys/net/ipv4/conf", link, name))
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(string(bytes.TrimSpace(text)))
	if err != nil {
		return 0
	}
	return n
}

// GuardsLoopback reports whether the table inet name keeps others from what is
// published on the host's own loopback address.
func GuardsLoopback(name string) (bool, error) {
	c, err := nftables.New()
	if err != nil {
		return false, err
	}
	t := &nftables.Table{Name: name, Family: nftables.TableFamilyINet}
	rules, err := c.GetRules(t, &nftables.Chain{Name: loopbackChain, Table: t})
	if errors.Is(err, unix.ENOENT) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read packet rules (nftables table inet %s): %w", name, err)
	}
	return len(rules) > 0, nil
}
