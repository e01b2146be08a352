package netdev

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// setSysctl writes a network setting of this thread's namespace unless it has
// the value already. One that the kernel lacks (IPv6 off) counts as done.
func setSysctl(path, value string) error {
	path = filepath.Join("/proc/sys/net", path)
	old, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && string(bytes.TrimSpace(old)) == value {
		return nil
	}
	if err := os.WriteFile(path, []byte(value), 0); err != nil {
		return fmt.Errorf("set %s=%s: %w", path, value, err)
	}
	return nil
}

// Forwards reports whether EnableForwarding(v6) has nothing to do.
func Forwards(v6 bool) bool {
	return isSet("ipv4/ip_forward") && (!v6 || isSet("ipv6/conf/all/forwarding"))
}

// isSet reports whether a network setting is 1, or the kernel lacks it.
func isSet(path string) bool {
	v, err := os.ReadFile(filepath.Join("/proc/sys/net", path))
	return errors.Is(err, fs.ErrNotExist) || string(bytes.TrimSpace(v)) == "1"
}

// SetLinkSysctl writes a setting of link iface in the network namespace at path:
// family ipv4, ipv6 or mpls, table conf or neigh. A value that the kernel refuses
// gives kind invalid.
func SetLinkSysctl(path, family, table, iface, name, value string) error {
	return Within(path, func() error {
		file := filepath.Join("/proc/sys/net", family, table, iface, name)
		err := os.WriteFile(file, []byte(value), 0)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.EINVAL) {
			return errs.New(errs.Invalid, "sysctl net.%s.%s.%s.%s=%s: %w", family, table, iface, name, value, err)
		}
		return err
	})
}

// EnableForwarding lets the kernel route IPv4 packets, and with v6 IPv6
// packets, between links. Idempotent. Before IPv6 forwarding is switched on,
// links that learn their routes by router advertisements are told to go on
// doing so (accept_ra=2): the host must not lose its own route.
func EnableForwarding(v6 bool) error {
	if err := setSysctl("ipv4/ip_forward", "1"); err != nil || !v6 {
		return err
	}
	now, err := os.ReadFile("/proc/sys/net/ipv6/conf/all/forwarding")
	if err != nil || string(bytes.TrimSpace(now)) == "1" {
		return err
	}
	settings, err := filepath.Glob("/proc/sys/net/ipv6/conf/*/accept_ra")
	if err != nil {
		return err
	}
	for _, p := range settings {
		v, err := os.ReadFile(p)
		if err != nil || string(bytes.TrimSpace(v)) != "1" {
			continue
		}
		if err := os.WriteFile(p, []byte("2"), 0); err != nil {
			return err
		}
	}
	return setSysctl("ipv6/conf/all/forwarding", "1")
}

// quietIPv6 keeps a link of this thread's namespace, not yet up, from taking
// addresses or routes by itself: no router advertisements, no link-local
// address but the one that linkLocal gives it (the kernel's own is useless for
// seconds, until it is known to be nobody else's), and no IPv6 at all unless it
// is wanted.
func quietIPv6(link string, want bool) error {
	if !want {
		return setSysctl("ipv6/conf/"+link+"/disable_ipv6", "1")
	}
	for _, s := range [][2]string{{"accept_ra", "0"}, {"autoconf", "0"}, {"addr_gen_mode", "1"}, {"disable_ipv6", "0"}} {
		if err := setSysctl("ipv6/conf/"+link+"/"+s[0], s[1]); err != nil {
			return err
		}
	}
	return nil
}

// newLinksWithoutIPv6 has links that come into this thread's namespace begin as
// quietIPv6 leaves those that want none; others get it there. The default is written
// without a lock, the setting of a link tries for the kernel's one lock of all links
// (rtnl) over and over while others make theirs. What goes wrong, quietIPv6 makes good.
func newLinksWithoutIPv6() {
	os.WriteFile("/proc/sys/net/ipv6/conf/default/disable_ipv6", []byte("1"), 0) //nolint:errcheck // see above
}

// linkLocal is the link-local address that follows from a MAC address, RFC 4291
// appendix A.
func linkLocal(mac net.HardwareAddr) netip.Prefix {
	a := [16]byte{0xfe, 0x80, 8: mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]}
	return netip.PrefixFrom(netip.AddrFrom16(a), 64)
}
