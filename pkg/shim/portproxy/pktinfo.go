package portproxy

import (
	"encoding/binary"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// tellLocal has the kernel tell with every datagram to which address of this host
// it came: IP_PKTINFO of ip(7), RFC 3542 §6.
func tellLocal(u *net.UDPConn) error {
	raw, err := u.SyscallConn()
	if err != nil {
		return err
	}
	var opt error
	err = raw.Control(func(fd uintptr) {
		if isIPv4(u) {
			opt = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
			return
		}
		opt = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
	})
	if err == nil {
		err = os.NewSyscallError("setsockopt", opt)
	}
	return err
}

func isIPv4(u *net.UDPConn) bool {
	a, ok := u.LocalAddr().(*net.UDPAddr)
	return ok && a.IP.To4() != nil
}

// local is an address of this host; of a link-local one with the number of the
// link. The zero value: not known.
type local struct {
	addr netip.Addr
	link uint32
}

// localOf is where a datagram came to.
func localOf(oob []byte) local {
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return local{}
	}
	for _, m := range msgs {
		switch {
		case m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_PKTINFO && len(m.Data) >= 12:
			return local{addr: netip.AddrFrom4([4]byte(m.Data[8:12]))} // ipi_addr
		case m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_PKTINFO && len(m.Data) >= 20:
			l := local{addr: netip.AddrFrom16([16]byte(m.Data[:16]))}
			if l.addr.IsLinkLocalUnicast() {
				l.link = binary.NativeEndian.Uint32(m.Data[16:20])
			}
			return l
		}
	}
	return local{}
}

// from is the control message that sends a datagram from an address of this host;
// nil: the kernel chooses.
func from(l local, u *net.UDPConn) []byte {
	switch {
	case !l.addr.IsValid():
		return nil
	case isIPv4(u):
		return unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: l.addr.As4()})
	}
	return unix.PktInfo6(&unix.Inet6Pktinfo{Addr: l.addr.As16(), Ifindex: l.link})
}
