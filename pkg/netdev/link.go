package netdev

import (
	"errors"
	"fmt"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Link is a network interface of the host.
type Link struct {
	Name  string
	Alias string // who made it: see Bridge and Veth
	Type  string // bridge, veth …
	MAC   string
	Index int
	MTU   int

	Master int // index of the bridge that it is a port of; 0: of none
	group  uint32
}

// FindLink returns the link called name; a missing one gives kind not_found.
func FindLink(name string) (*Link, error) {
	l, err := netlink.LinkByName(name)
	if err != nil {
		if _, ok := errors.AsType[netlink.LinkNotFoundError](err); ok || errors.Is(err, unix.ENODEV) {
			return nil, errs.New(errs.NotFound, "link %s: not there", name)
		}
		return nil, fmt.Errorf("look up link %s: %w", name, err)
	}
	return toLink(l), nil
}

// Links lists the links whose names begin with one of the prefixes.
func Links(prefixes ...string) ([]Link, error) {
	all, err := netlink.LinkList()
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		return nil, fmt.Errorf("list links: %w", err)
	}
	var out []Link
	for _, l := range all {
		for _, p := range prefixes {
			if strings.HasPrefix(l.Attrs().Name, p) {
				out = append(out, *toLink(l))
				break
			}
		}
	}
	return out, nil
}

// LinkNames lists the links in the network namespace at path.
func LinkNames(path string) ([]string, error) {
	ns, _, err := openNetns(path)
	if err != nil {
		return nil, err
	}
	defer ns.Close()
	var out []string
	err = within(ns, func() error {
		h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
		if err != nil {
			return err
		}
		defer h.Close()
		all, err := h.LinkList()
		for _, l := range all {
			out = append(out, l.Attrs().Name)
		}
		return err
	})
	return out, err
}

func toLink(l netlink.Link) *Link {
	a := l.Attrs()
	return &Link{Name: a.Name, Alias: a.Alias, Type: l.Type(), MAC: a.HardwareAddr.String(), Index: a.Index, MTU: a.MTU, Master: a.MasterIndex, group: a.Group}
}

// DeleteLink removes a link, and with one end of a veth pair the other.
// Idempotent.
func DeleteLink(name string) error {
	index, err := linkIndex(name)
	if errors.Is(err, unix.ENODEV) {
		return nil
	}
	if err == nil {
		err = netlink.LinkDel(&netlink.Device{LinkAttrs: netlink.LinkAttrs{Name: name, Index: index}})
	}
	if err != nil && !errors.Is(err, unix.ENODEV) {
		return fmt.Errorf("delete link %s: %w", name, err)
	}
	return nil
}
