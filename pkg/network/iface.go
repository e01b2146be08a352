package network

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// maxIfaces is how many networks one namespace can join: base 36 digits that
// fit behind the 14 characters of a host link's name (IFNAMSIZ is 16).
const maxIfaces = 36

// ifaceNumber is N of ethN, or -1.
func ifaceNumber(name string) int {
	digits, ok := strings.CutPrefix(name, "eth")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n < 0 || strconv.Itoa(n) != digits {
		return -1
	}
	return n
}

// beforeIface orders interfaces: eth0, eth1 and so on, then the others by name.
func beforeIface(a, b string) bool {
	x, y := ifaceNumber(a), ifaceNumber(b)
	if (x < 0) != (y < 0) {
		return x >= 0
	}
	return x < y || x == y && a < b
}

// hostLink derives the name of the host's end of interface iface, "" where the
// driver's interfaces have none. One that is not called ethN has a name by digest.
func hostLink(d driver, key, iface string) string {
	n := ifaceNumber(iface)
	switch {
	case !d.traits().hostEnd:
		return ""
	case n < 0 || n >= maxIfaces: // 13 digits cannot be those of an id
		return vethPrefix + digest(key + " " + iface)[:13]
	case n == 0:
		return vethPrefix + key[:12]
	}
	return vethPrefix + key[:12] + strconv.FormatInt(int64(n), 36)
}

// key is what names of host links derive from: the container's id, or for
// another namespace a digest of where it is.
func key(container, netns string, inode uint64) string {
	if len(container) >= 12 {
		return container
	}
	return digest(fmt.Sprintf("%s %d", netns, inode))
}

// freeIface is the first ethN that the namespace does not have. One that is in
// the network already gives kind conflict.
func (m *Manager) freeIface(n *record.Network, netns string, inode uint64) (string, error) {
	js, err := m.joined(func(l *record.Lease) bool { return l.NetnsInode == inode })
	if err != nil {
		return "", err
	}
	for _, j := range js {
		if j.ID == n.ID {
			return "", errs.New(errs.Conflict, "network %s: the network namespace %s is in it already", n.Name, netns)
		}
	}
	taken, err := netdev.LinkNames(netns)
	if err != nil {
		return "", err
	}
	for i := range maxIfaces {
		if name := "eth" + strconv.Itoa(i); !slices.Contains(taken, name) {
			return name, nil
		}
	}
	return "", errs.New(errs.Unavailable, "the network namespace %s has %d interfaces already", netns, maxIfaces)
}
