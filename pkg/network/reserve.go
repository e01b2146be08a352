package network

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// backlog is that of listen(2); the kernel lowers it to net.core.somaxconn.
const backlog = 4096

// Reserve binds a socket on the host for every port, in the same order, and
// returns them with the ports in force: the kernel chose where HostPort was 0,
// and of a range it is the first free one.
// A port is taken as long as its socket is open anywhere, so it is given back
// whatever dies. An empty HostIP is every address, of IPv6 too where the host
// has it, by one socket. A port that somebody has gives kind conflict and names
// the holder. On failure nothing stays bound.
func Reserve(ports []record.Port) (files []*os.File, actual []record.Port, err error) {
	defer func() {
		if err != nil {
			for _, f := range files {
				f.Close()
			}
			files, actual = nil, nil
		}
	}()
	for _, p := range ports {
		f, number, err := bindFirst(p)
		if err != nil {
			return files, nil, explain(p, actual, err)
		}
		files = append(files, f)
		p.HostPort, p.HostPortEnd = number, 0
		actual = append(actual, p)
	}
	return files, actual, nil
}

// bindFirst binds p, of a range the first port that nobody has.
func bindFirst(p record.Port) (f *os.File, number uint16, err error) {
	for last := max(p.HostPort, p.HostPortEnd); ; p.HostPort++ {
		f, number, err = bind(p)
		if !errors.Is(err, unix.EADDRINUSE) || p.HostPort >= last {
			return f, number, err
		}
	}
}

// bind makes the socket of one port and returns its number.
func bind(p record.Port) (*os.File, uint16, error) {
	if p.HostIP != "" {
		ip, err := netip.ParseAddr(p.HostIP)
		if err != nil || ip.Zone() != "" {
			return nil, 0, errs.New(errs.Invalid, "not an address")
		}
		return bindTo(p.Protocol, netip.AddrPortFrom(ip.Unmap(), p.HostPort))
	}
	f, n, err := bindTo(p.Protocol, netip.AddrPortFrom(netip.IPv6Unspecified(), p.HostPort))
	if errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EADDRNOTAVAIL) { // no IPv6 here
		return bindTo(p.Protocol, netip.AddrPortFrom(netip.IPv4Unspecified(), p.HostPort))
	}
	return f, n, err
}

func bindTo(protocol string, to netip.AddrPort) (*os.File, uint16, error) {
	family, address := sockaddr(to)
	kind, proto := sockKind(protocol)
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, proto)
	if err != nil {
		return nil, 0, err
	}
	f := os.NewFile(uintptr(fd), fmt.Sprintf("%s %s", protocol, to))
	number, err := open(fd, kind, address, to)
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, number, nil
}

func open(fd, kind int, address unix.Sockaddr, to netip.AddrPort) (uint16, error) {
	if to.Addr().Is6() {
		only := 1
		if to.Addr().IsUnspecified() {
			only = 0 // IPv4 too
		}
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, only); err != nil {
			return 0, err
		}
	}
	if kind == unix.SOCK_STREAM { // as every server does: connections in TIME_WAIT do not count
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
			return 0, err
		}
	}
	if err := unix.Bind(fd, address); err != nil {
		return 0, err
	}
	if kind == unix.SOCK_STREAM {
		if err := unix.Listen(fd, backlog); err != nil {
			return 0, err
		}
	}
	return boundPort(fd)
}

func boundPort(fd int) (uint16, error) {
	name, err := unix.Getsockname(fd)
	if err != nil {
		return 0, err
	}
	switch a := name.(type) {
	case *unix.SockaddrInet4:
		return uint16(a.Port), nil
	case *unix.SockaddrInet6:
		return uint16(a.Port), nil
	}
	return 0, errs.New(errs.Internal, "socket has no port")
}

func sockaddr(to netip.AddrPort) (int, unix.Sockaddr) {
	if to.Addr().Is4() {
		return unix.AF_INET, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
	}
	return unix.AF_INET6, &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
}

func sockKind(protocol string) (kind, proto int) {
	switch protocol {
	case "udp":
		return unix.SOCK_DGRAM, unix.IPPROTO_UDP
	case "sctp":
		return unix.SOCK_STREAM, unix.IPPROTO_SCTP
	}
	return unix.SOCK_STREAM, unix.IPPROTO_TCP
}
