package network

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func reserve(t *testing.T, ports ...record.Port) ([]*os.File, []record.Port) {
	t.Helper()
	files, actual, err := Reserve(ports)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, f := range files {
			f.Close()
		}
	})
	return files, actual
}

func TestReserveLetsTheKernelChoose(t *testing.T) {
	files, actual := reserve(t, tcp("", 0, 80), tcp("127.0.0.1", 0, 81), record.Port{ContainerPort: 53, Protocol: "udp"})
	if len(files) != 3 || actual[0].HostPort == 0 || actual[1].HostPort == 0 || actual[2].HostPort == 0 || actual[2].Protocol != "udp" {
		t.Fatalf("%v %+v", files, actual)
	}
	l, err := net.FileListener(files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, host := range []string{"127.0.0.1", "::1"} { // one socket, both families
		c, err := net.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(int(actual[0].HostPort))))
		if err != nil {
			t.Error(err)
			continue
		}
		c.Close()
	}
}

func TestReserveNamesTheHolder(t *testing.T) {
	for _, holder := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", holder)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		port := uint16(l.Addr().(*net.TCPAddr).Port)
		_, _, err = Reserve([]record.Port{tcp("", 0, 1), tcp("", port, 80)})
		want := fmt.Sprintf("publish 0.0.0.0:%d: already in use by pid %d (", port, os.Getpid())
		if !errs.Is(err, errs.Conflict) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _, err = Reserve([]record.Port{{HostIP: "127.0.0.1", HostPort: uint16(c.LocalAddr().(*net.UDPAddr).Port), ContainerPort: 53, Protocol: "udp"}})
	if !errs.Is(err, errs.Conflict) || !strings.Contains(err.Error(), "/udp: already in use by pid") {
		t.Errorf("got %v", err)
	}
}

func TestReserveErrors(t *testing.T) {
	_, held := reserve(t, tcp("127.0.0.1", 0, 80))
	p := held[0]
	for name, c := range map[string]struct {
		ports []record.Port
		kind  errs.Kind
		text  string
	}{
		"twice":   {[]record.Port{tcp("127.0.0.2", p.HostPort, 80), tcp("127.0.0.2", p.HostPort, 81)}, errs.Conflict, "published twice"},
		"address": {[]record.Port{tcp("192.0.2.99", 0, 80)}, errs.Invalid, "does not have the address"},
		"word":    {[]record.Port{tcp("x", 0, 80)}, errs.Invalid, "publish x:0: not an address"},
	} {
		files, _, err := Reserve(c.ports)
		if !errs.Is(err, c.kind) || !strings.Contains(err.Error(), c.text) || files != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	reserve(t, tcp("127.0.0.2", p.HostPort, 80)) // nothing of the refused stayed bound
}

func TestReserveTakesTheFirstFreePortOfARange(t *testing.T) {
	_, first := reserve(t, tcp("127.0.0.1", 0, 80))
	p := tcp("127.0.0.1", first[0].HostPort, 80)
	p.HostPortEnd = p.HostPort
	if _, _, err := Reserve([]record.Port{p}); !errs.Is(err, errs.Conflict) {
		t.Fatalf("a range of one taken port: %v", err)
	}
	p.HostPort, p.HostPortEnd = 1, 65535
	_, got := reserve(t, p, p)
	if got[0].HostPort == 0 || got[0].HostPort >= got[1].HostPort || got[0].HostPortEnd != 0 {
		t.Fatalf("%+v", got)
	}
	p.HostPort, p.HostPortEnd = got[0].HostPort, got[1].HostPort
	_, _, err := Reserve([]record.Port{p})
	if got[1].HostPort == got[0].HostPort+1 && !strings.Contains(err.Error(), "every port of the range is in use") {
		t.Fatalf("%v", err)
	}
}
