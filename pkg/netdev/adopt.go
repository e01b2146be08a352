package netdev

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Adopted is a link that somebody else has made on the host, and its place in a
// network namespace.
type Adopted struct {
	Source   string // its name on the host
	Netns    string
	Iface    string
	MAC      string // empty: the one it has
	Addrs    []netip.Prefix
	Gateways []netip.Addr
}

// adoptedAlias begins the alias of an adopted link; the name it had follows.
const adoptedAlias = "pouch adopted "

// Adopt moves a link into its namespace, and gives it its name there, addresses and
// routes. Its alias says what it was called.
func Adopt(a Adopted) error {
	ns, _, err := openNetns(a.Netns)
	if err != nil {
		return err
	}
	defer ns.Close()
	l, err := netlink.LinkByName(a.Source)
	if err != nil {
		return errs.New(errs.NotFound, "link %s: %w", a.Source, err)
	}
	if err := netlink.LinkSetAlias(l, adoptedAlias+a.Source); err != nil {
		return fmt.Errorf("link %s: %w", a.Source, err)
	}
	if err := netlink.LinkSetNsFd(l, int(ns.Fd())); err != nil {
		return fmt.Errorf("move link %s to %s: %w", a.Source, a.Netns, err)
	}
	return within(ns, func() error {
		h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
		if err != nil {
			return err
		}
		defer h.Close()
		return settle(h, a)
	})
}

// settle gives an adopted link its name, MAC, addresses and routes, in its namespace.
func settle(h *netlink.Handle, a Adopted) error {
	l, err := h.LinkByName(a.Source)
	if err != nil {
		return err
	}
	if err := h.LinkSetDown(l); err != nil {
		return err
	}
	if err := h.LinkSetName(l, a.Iface); err != nil {
		return fmt.Errorf("rename link %s to %s: %w", a.Source, a.Iface, err)
	}
	mac := l.Attrs().HardwareAddr
	if a.MAC != "" {
		if mac, err = net.ParseMAC(a.MAC); err != nil {
			return errs.New(errs.Invalid, "%w", err)
		}
		if err := h.LinkSetHardwareAddr(l, mac); err != nil {
			return err
		}
	}
	_, err = configure(h, Veth{Iface: a.Iface, MAC: mac.String(), Addrs: a.Addrs, Gateways: a.Gateways})
	return err
}

// Disown moves an adopted link back to this thread's namespace, with the name it
// had. One that was never adopted, or is gone, is left so. Idempotent.
func Disown(netns, iface string) error {
	ns, _, err := openNetns(netns)
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer ns.Close()
	home, _, err := openNetns(ownNetns)
	if err != nil {
		return err
	}
	defer home.Close()
	return within(ns, func() error {
		h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
		if err != nil {
			return err
		}
		defer h.Close()
		l, err := h.LinkByName(iface)
		if _, missing := errors.AsType[netlink.LinkNotFoundError](err); missing {
			return nil
		}
		if err != nil {
			return err
		}
		source, adopted := strings.CutPrefix(l.Attrs().Alias, adoptedAlias)
		if !adopted {
			return nil
		}
		if err := h.LinkSetDown(l); err != nil {
			return err
		}
		if err := h.LinkSetName(l, source); err != nil {
			return err
		}
		return h.LinkSetNsFd(l, int(home.Fd()))
	})
}
