package netdev

import (
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// ForgetUDP makes the kernel forget the UDP flows to port from outside and
// those that end at target, so that the next packet meets the rules of now: a
// flow without pause would keep to those of before for ever.
func ForgetUDP(target netip.Addr, port uint16) error {
	fam := netlink.InetFamily(unix.AF_INET)
	if target.Is6() {
		fam = unix.AF_INET6
	}
	byPort, byTarget := &netlink.ConntrackFilter{}, &netlink.ConntrackFilter{}
	for _, f := range []*netlink.ConntrackFilter{byPort, byTarget} {
		if err := f.AddProtocol(unix.IPPROTO_UDP); err != nil {
			return err
		}
	}
	if err := byPort.AddPort(netlink.ConntrackOrigDstPort, port); err != nil {
		return err
	}
	if err := byTarget.AddIP(netlink.ConntrackReplySrcIP, target.AsSlice()); err != nil {
		return err
	}
	if _, err := netlink.ConntrackDeleteFilters(netlink.ConntrackTable, fam, byPort, byTarget); err != nil {
		return fmt.Errorf("forget udp flows to port %d: %w", port, err)
	}
	return nil
}
