package netdev

import (
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Sublink is a link in a network namespace that shares a link of the host with
// it: of kind macvlan, with a MAC address of its own, or ipvlan, with its
// parent's.
type Sublink struct {
	Kind     string
	Mode     string // of macvlan: bridge, private, vepa or passthru; of ipvlan: l2, l3 or l3s
	Flag     string // of ipvlan: bridge (or ""), private or vepa
	Parent   string // link of the host
	Alias    string // says who made it
	Netns    string
	Iface    string
	MAC      string // of macvlan; of ipvlan only the IPv6 link-local address follows from it
	MTU      int    // 0: the parent's
	Addrs    []netip.Prefix
	Gateways []netip.Addr // default routes, unless the namespace has them; an unspecified one leads out of the link itself
}

// SublinkModes are the modes of a kind, the default first.
func SublinkModes(kind string) []string {
	switch kind {
	case "macvlan":
		return []string{"bridge", "private", "vepa", "passthru"}
	case "ipvlan":
		return []string{"l2", "l3", "l3s"}
	}
	return nil
}

// SublinkFlags are the flags of ipvlan, the default first.
func SublinkFlags() []string { return []string{"bridge", "private", "vepa"} }

// AddSublink makes the link in its namespace, with addresses and routes, and
// sets it up. Where a link has the name already the error is unix.EEXIST; a
// kernel without the kind gives kind unsupported, a parent that is in use in
// another way kind conflict. A failure leaves nothing.
func AddSublink(s Sublink) error {
	ns, _, err := openNetns(s.Netns)
	if err != nil {
		return err
	}
	defer ns.Close()
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		err := addSublink(s, ns)
		if time.Since(begin) >= s.predecessorTime(err) {
			return err
		}
	}
}

// predecessorTime is how long to wait after an error for the end of a link whose
// namespace has ended: the kernel removes it when it finds the time, and tells nobody.
// Until then it has its MAC address, or in mode passthru the whole parent.
func (s Sublink) predecessorTime(err error) time.Duration {
	switch {
	case errors.Is(err, unix.EADDRINUSE):
		return 5 * time.Second
	case s.Mode == "passthru" && errs.Is(err, errs.Conflict):
		return time.Second
	}
	return 0
}

func addSublink(s Sublink, ns *os.File) error {
	if err := createSublink(s, ns); err != nil {
		return explainSublink(s, err)
	}
	if err := within(ns, func() error { return fillSublink(s) }); err != nil {
		if errors.Is(err, unix.EADDRINUSE) {
			err = errs.New(errs.Conflict, "another link on %s has the MAC address %s: %w", s.Parent, s.MAC, err)
		}
		return errors.Join(fmt.Errorf("set up %s %s: %w", s.Kind, s.Iface, err), DeleteSublink(s.Netns, s.Kind, s.Iface, s.Alias))
	}
	return nil
}

func explainSublink(s Sublink, err error) error {
	switch {
	case errors.Is(err, unix.EOPNOTSUPP):
		return errs.New(errs.Unsupported, "make %s %s: this kernel has no %s links: load the module %s, or use another driver", s.Kind, s.Iface, s.Kind, s.Kind)
	case errors.Is(err, unix.EBUSY), errors.Is(err, unix.EINVAL):
		return errs.New(errs.Conflict, "make %s %s: its parent %s is in use in another way: as a port of a bridge or bond, by a link in mode passthru, or by the other one of macvlan and ipvlan", s.Kind, s.Iface, s.Parent)
	}
	return fmt.Errorf("make %s %s on %s: %w", s.Kind, s.Iface, s.Parent, err)
}

// createSublink is one RTM_NEWLINK message: the link is in its namespace from
// the beginning. Until it has its alias, its group tells whose it is.
func createSublink(s Sublink, ns *os.File) error {
	parent, _, err := indexAndMTU(s.Parent)
	if errors.Is(err, unix.ENODEV) {
		return errs.New(errs.NotFound, "this host has no link %s", s.Parent)
	}
	if err != nil {
		return err
	}
	req := nl.NewNetlinkRequest(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL|unix.NLM_F_ACK)
	req.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
	req.AddData(nl.NewRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(s.Iface)))
	req.AddData(nl.NewRtAttr(unix.IFLA_LINK, nl.Uint32Attr(uint32(parent))))
	req.AddData(nl.NewRtAttr(unix.IFLA_NET_NS_FD, nl.Uint32Attr(uint32(ns.Fd()))))
	req.AddData(nl.NewRtAttr(unix.IFLA_GROUP, nl.Uint32Attr(mark(s.Alias))))
	if s.MTU > 0 {
		req.AddData(nl.NewRtAttr(unix.IFLA_MTU, nl.Uint32Attr(uint32(s.MTU))))
	}
	if s.Kind == "macvlan" {
		mac, err := net.ParseMAC(s.MAC)
		if err != nil {
			return errs.New(errs.Invalid, "%w", err)
		}
		req.AddData(nl.NewRtAttr(unix.IFLA_ADDRESS, mac))
	}
	info := nl.NewRtAttr(unix.IFLA_LINKINFO, nil)
	info.AddRtAttr(nl.IFLA_INFO_KIND, nl.NonZeroTerminated(s.Kind))
	if err := addMode(info.AddRtAttr(nl.IFLA_INFO_DATA, nil), s); err != nil {
		return err
	}
	req.AddData(info)
	_, err = req.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// mark is the group of a link that is being made: never 0, the default one.
func mark(alias string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(alias))
	return h.Sum32() | 1<<30
}

// Unfinished reports whether a killed command began to make link l with an alias,
// and did not come to that.
func Unfinished(l *Link, alias string) bool { return l.Alias == "" && l.group == mark(alias) }

// addMode adds what the kinds say differently; numbers of linux/if_link.h.
func addMode(data *nl.RtAttr, s Sublink) error {
	macvlan := map[string]uint32{"": 4, "bridge": 4, "private": 1, "vepa": 2, "passthru": 8}
	ipvlan := map[string]uint16{"": 0, "l2": 0, "l3": 1, "l3s": 2}
	flags := map[string]uint16{"": 0, "bridge": 0, "private": 1, "vepa": 2}
	if s.Kind == "macvlan" {
		mode, known := macvlan[s.Mode]
		if !known {
			return errs.New(errs.Invalid, "macvlan has no mode %q", s.Mode)
		}
		data.AddRtAttr(nl.IFLA_MACVLAN_MODE, nl.Uint32Attr(mode))
		return nil
	}
	mode, known := ipvlan[s.Mode]
	flag, knownFlag := flags[s.Flag]
	if !known || !knownFlag {
		return errs.New(errs.Invalid, "ipvlan has no mode %q with flag %q", s.Mode, s.Flag)
	}
	data.AddRtAttr(nl.IFLA_IPVLAN_MODE, nl.Uint16Attr(mode))
	data.AddRtAttr(nl.IFLA_IPVLAN_FLAG, nl.Uint16Attr(flag))
	return nil
}

// fillSublink runs in the link's namespace. The question at the end makes the
// kernel tell the queues of the carrier at once: see bringUp.
func fillSublink(s Sublink) error {
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer h.Close()
	var gateways []netip.Addr
	for _, g := range s.Gateways {
		if !g.IsUnspecified() {
			gateways = append(gateways, g)
		}
	}
	dev, err := configure(h, Veth{Iface: s.Iface, MAC: s.MAC, Addrs: s.Addrs, Gateways: gateways})
	if err != nil {
		return err
	}
	if err := addDirect(h, dev.Attrs().Index, s.Gateways); err != nil {
		return err
	}
	if err := name(dev.Attrs().Index, s.Alias); err != nil {
		return err
	}
	_, err = h.LinkByIndex(dev.Attrs().Index)
	return err
}

// name gives a link its alias and the default group, in one message.
func name(index int, alias string) error {
	req := nl.NewNetlinkRequest(unix.RTM_SETLINK, unix.NLM_F_ACK)
	msg := nl.NewIfInfomsg(unix.AF_UNSPEC)
	msg.Index = int32(index)
	req.AddData(msg)
	req.AddData(nl.NewRtAttr(unix.IFLA_IFALIAS, []byte(alias)))
	req.AddData(nl.NewRtAttr(unix.IFLA_GROUP, nl.Uint32Attr(0)))
	_, err := req.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// addDirect adds default routes that lead out of the link itself.
func addDirect(h *netlink.Handle, index int, gateways []netip.Addr) error {
	for _, g := range gateways {
		if !g.IsUnspecified() {
			continue
		}
		all := &net.IPNet{IP: g.AsSlice(), Mask: net.CIDRMask(0, g.BitLen())}
		err := h.RouteAdd(&netlink.Route{LinkIndex: index, Dst: all, Scope: netlink.SCOPE_LINK})
		if err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("add default route: %w", err)
		}
	}
	return nil
}

// DeleteSublink removes from the network namespace at path the link of a kind
// that AddSublink made there with an alias, whatever it is called now, also one
// that a killed command had not finished. Idempotent; a namespace that is gone
// has none.
func DeleteSublink(path, kind, iface, alias string) error {
	ns, _, err := openNetns(path)
	if errs.Is(err, errs.NotFound) {
		return nil
	}
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
		all, err := h.LinkList()
		if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
			return fmt.Errorf("list links of %s: %w", path, err)
		}
		for _, l := range all {
			a := l.Attrs()
			unfinished := a.Name == iface && a.Alias == "" && a.Group == mark(alias)
			if l.Type() != kind || a.Alias != alias && !unfinished {
				continue
			}
			if err := h.LinkDel(l); err != nil && !errors.Is(err, unix.ENODEV) {
				return fmt.Errorf("delete link %s in %s: %w", a.Name, path, err)
			}
		}
		return nil
	})
}
