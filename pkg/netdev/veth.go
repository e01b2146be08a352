package netdev

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Veth is a pair of links: Host is a port of the bridge Master, Iface lies in
// the network namespace at Netns.
type Veth struct {
	Host     string
	Alias    string // of Host: says who made it
	Master   string
	Hairpin  bool // Host may send back what it received: a container that uses its own published port
	Isolated bool // no other isolated port of the bridge reaches it
	Netns    string
	Iface    string
	MAC      string         // of Iface
	Addrs    []netip.Prefix // of Iface
	Gateways []netip.Addr   // default routes, unless the namespace has them
}

// AddVeth makes the pair, each end in its place from the beginning, with
// addresses and routes, and sets both up. Where a link has one of the names
// already the error is unix.EEXIST. A failure leaves nothing.
func AddVeth(v Veth) error {
	ns, _, err := openNetns(v.Netns)
	if err != nil {
		return err
	}
	defer ns.Close()
	if err := createPair(v, ns); err != nil {
		return fmt.Errorf("make veth %s: %w", v.Host, err)
	}
	if err := bringUp(v, ns); err != nil {
		return errors.Join(fmt.Errorf("set up veth %s: %w", v.Host, err), DeleteLink(v.Host))
	}
	return nil
}

// bringUp sets up both ends and waits until packets pass. The kernel tells a
// change of carrier to the bridge and to the queues by its link watch, which
// may come a whole second late; a question for a link makes it come at once
// (rtnl_getlink calls linkwatch_sync_dev since Linux 6.8).
func bringUp(v Veth, ns *os.File) error {
	var inside *netlink.Handle
	var dev netlink.Link
	err := within(ns, func() (err error) {
		if inside, err = netlink.NewHandle(unix.NETLINK_ROUTE); err == nil {
			dev, err = configure(inside, v)
		}
		return err
	})
	if inside != nil {
		defer inside.Close()
	}
	if err != nil {
		return err
	}
	if err := raiseHost(v); err != nil {
		return err
	}
	if _, err := inside.LinkByIndex(dev.Attrs().Index); err != nil {
		return err
	}
	for _, name := range []string{v.Host, v.Master} {
		if _, err := FindLink(name); err != nil {
			return err
		}
	}
	return nil
}

// createPair is one RTM_NEWLINK message: netlink.LinkAdd would need three.
func createPair(v Veth, ns *os.File) error {
	mac, err := net.ParseMAC(v.MAC)
	if err != nil {
		return errs.New(errs.Invalid, "%w", err)
	}
	master, mtu, err := indexAndMTU(v.Master)
	if err != nil {
		return fmt.Errorf("bridge %s: %w", v.Master, err)
	}
	req := nl.NewNetlinkRequest(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL|unix.NLM_F_ACK)
	req.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
	req.AddData(nl.NewRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(v.Host)))
	req.AddData(nl.NewRtAttr(unix.IFLA_MASTER, nl.Uint32Attr(uint32(master))))
	req.AddData(nl.NewRtAttr(unix.IFLA_MTU, nl.Uint32Attr(uint32(mtu))))
	info := nl.NewRtAttr(unix.IFLA_LINKINFO, nil)
	info.AddRtAttr(nl.IFLA_INFO_KIND, nl.NonZeroTerminated("veth"))
	peer := info.AddRtAttr(nl.IFLA_INFO_DATA, nil).AddRtAttr(nl.VETH_INFO_PEER, nil)
	nl.NewIfInfomsgChild(peer, unix.AF_UNSPEC)
	peer.AddRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(v.Iface))
	peer.AddRtAttr(unix.IFLA_ADDRESS, mac)
	peer.AddRtAttr(unix.IFLA_MTU, nl.Uint32Attr(uint32(mtu)))
	peer.AddRtAttr(unix.IFLA_NET_NS_FD, nl.Uint32Attr(uint32(ns.Fd())))
	req.AddData(info)
	_, err = req.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// raiseHost sets the host's end up, with its alias. It is a port and needs no
// address of its own.
func raiseHost(v Veth) error {
	if err := quietIPv6(v.Host, false); err != nil {
		return err
	}
	req := nl.NewNetlinkRequest(unix.RTM_NEWLINK, unix.NLM_F_ACK)
	msg := nl.NewIfInfomsg(unix.AF_UNSPEC)
	msg.Flags, msg.Change = unix.IFF_UP, unix.IFF_UP
	req.AddData(msg)
	req.AddData(nl.NewRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(v.Host)))
	req.AddData(nl.NewRtAttr(unix.IFLA_IFALIAS, []byte(v.Alias)))
	if v.Hairpin || v.Isolated {
		info := nl.NewRtAttr(unix.IFLA_LINKINFO, nil)
		info.AddRtAttr(nl.IFLA_INFO_SLAVE_KIND, nl.NonZeroTerminated("bridge"))
		port := info.AddRtAttr(nl.IFLA_INFO_SLAVE_DATA, nil)
		if v.Hairpin {
			port.AddRtAttr(nl.IFLA_BRPORT_MODE, []byte{1})
		}
		if v.Isolated {
			port.AddRtAttr(nl.IFLA_BRPORT_ISOLATED, []byte{1})
		}
		req.AddData(info)
	}
	_, err := req.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// SetHairpin lets a bridge's port send back what it received, as Veth.Hairpin.
// Idempotent. A missing link gives kind not_found.
func SetHairpin(name string) error {
	l, err := FindLink(name)
	if err != nil {
		return err
	}
	dev := &netlink.Device{LinkAttrs: netlink.LinkAttrs{Name: l.Name, Index: l.Index}}
	if err := netlink.LinkSetHairpin(dev, true); err != nil {
		return fmt.Errorf("set up port %s of its bridge: %w", name, err)
	}
	return nil
}

// configure fills in the namespace's end; it runs in the namespace.
func configure(h *netlink.Handle, v Veth) (netlink.Link, error) {
	if err := quietIPv6(v.Iface, hasIPv6(v.Addrs)); err != nil {
		return nil, err
	}
	index, err := linkIndex(v.Iface)
	if err != nil {
		return nil, fmt.Errorf("link %s: %w", v.Iface, err)
	}
	dev := &netlink.Device{LinkAttrs: netlink.LinkAttrs{Name: v.Iface, Index: index}}
	addrs := v.Addrs
	if hasIPv6(addrs) {
		mac, err := net.ParseMAC(v.MAC)
		if err != nil {
			return nil, err
		}
		addrs = append(slices.Clone(addrs), linkLocal(mac))
	}
	for _, a := range addrs {
		if err := h.AddrAdd(dev, toAddr(a)); err != nil {
			return nil, fmt.Errorf("add address %s: %w", a, err)
		}
	}
	if err := h.LinkSetUp(dev); err != nil {
		return nil, err
	}
	return dev, addDefaults(h, index, v.Gateways)
}

func indexAndMTU(name string) (index, mtu int, err error) {
	err = ifreq(name, func(fd int, r *unix.Ifreq) error {
		if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, r); err != nil {
			return err
		}
		index = int(r.Uint32())
		if err := unix.IoctlIfreq(fd, unix.SIOCGIFMTU, r); err != nil {
			return err
		}
		mtu = int(r.Uint32())
		return nil
	})
	return index, mtu, err
}

// SetPort makes a link a port of a bridge, as AddVeth does with Hairpin and Isolated: also
// where the bridge was made anew. Idempotent. A missing link gives kind not_found.
func SetPort(name, bridge string, hairpin, isolated bool) error {
	l, err := netlink.LinkByName(name)
	if err != nil {
		_, err := FindLink(name)
		return err
	}
	b, err := FindLink(bridge)
	if err != nil {
		return err
	}
	if l.Attrs().MasterIndex != b.Index {
		if err := netlink.LinkSetMasterByIndex(l, b.Index); err != nil {
			return fmt.Errorf("make %s a port of %s: %w", name, bridge, err)
		}
	}
	err = netlink.LinkSetIsolated(l, isolated)
	if err == nil && hairpin {
		err = netlink.LinkSetHairpin(l, true)
	}
	if err != nil {
		return fmt.Errorf("set up port %s of its bridge: %w", name, err)
	}
	return nil
}
