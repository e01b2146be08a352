package network

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/netdev"
)

// listeners are the addresses on which somebody listens to a port in the network
// namespace at path. Source: proc_pid_net(5).
func listeners(path, protocol string, port uint16) ([]netip.Addr, error) {
	var out []netip.Addr
	err := netdev.Within(path, func() error {
		for _, table := range []string{protocol, protocol + "6"} {
			found, err := listenersIn("/proc/thread-self/net/"+table, port)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			out = append(out, found...)
		}
		return nil
	})
	return out, err
}

func listenersIn(table string, port uint16) ([]netip.Addr, error) {
	f, err := os.Open(table)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	suffix := fmt.Sprintf(":%04X", port)
	const stateListen, stateUDP = "0A", "07"
	var out []netip.Addr
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		c := strings.Fields(sc.Text())
		if len(c) < 4 || !strings.HasSuffix(c[1], suffix) || (c[3] != stateListen && c[3] != stateUDP) {
			continue
		}
		if a, ok := kernelAddr(strings.TrimSuffix(c[1], suffix)); ok {
			out = append(out, a)
		}
	}
	return out, sc.Err()
}

// kernelAddr reads an address as the kernel writes it: words of 32 bits, each in
// the machine's byte order.
func kernelAddr(s string) (netip.Addr, bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b)%4 != 0 {
		return netip.Addr{}, false
	}
	for i := 0; i < len(b); i += 4 {
		binary.NativeEndian.PutUint32(b[i:], binary.BigEndian.Uint32(b[i:]))
	}
	a, ok := netip.AddrFromSlice(b)
	return a.Unmap(), ok
}
