package network

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// FuzzConf: a file of CNI is refused, or is a network with a name and plugins, whose list
// is one that is read again as the same.
func FuzzConf(f *testing.F) {
	for _, s := range []string{
		`{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"bridge","capabilities":{"portMappings":true}}]}`,
		`{"name":"n","type":"bridge"}`, `{"name":"n","plugins":[null]}`, `{"name":"n","plugins":[7,[]],"Name":"m"}`, `{"name":"n","name":"../m","plugins":[{}]}`,
		`{"NAME":"n","Plugins":[{"type":"x"}],"loadOnlyInlinedPlugins":true}`, `{"name":"n","type":"a","plugins":[]}`, `{"name":"` + "\\u0000" + `"}`, "null", "{",
	} {
		f.Add([]byte(s))
	}
	path := filepath.Join(f.TempDir(), "10-x.conflist")
	f.Fuzz(func(t *testing.T, text []byte) {
		write := func(data []byte) {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(text)
		c, err := readConf(path)
		if err != nil {
			return
		}
		if c.Name == "" || strings.ContainsAny(c.Name, "/\x00") || len(c.Plugins) == 0 || len(c.types()) > len(c.Plugins) || !json.Valid(c.list) {
			t.Fatalf("%q is %+v", text, c)
		}
		c.can("portMappings")
		n := c.network()
		write(c.list)
		again, err := readConf(path)
		if err != nil || again.Name != c.Name || again.Version != c.Version || len(again.Plugins) != len(c.Plugins) || again.network().ID != n.ID {
			t.Fatalf("%q is the list %s, and that %+v, %v", text, c.list, again, err)
		}
	})
}

// FuzzHostsFile: whatever a container has written into its hosts file, the members are in
// it once, what stands before them stays, and all that is added has a bound.
func FuzzHostsFile(f *testing.F) {
	for _, s := range []string{
		"", "127.0.0.1 localhost", "x\n" + hostsBegin + "1.2.3.4\ta\n" + hostsEnd + "y\n", hostsEnd + hostsBegin, hostsBegin + hostsBegin + hostsEnd + hostsEnd,
		strings.TrimSuffix(hostsBegin, "\n"), hostsBegin + "#", hostsBegin + "\n",
	} {
		f.Add([]byte(s))
	}
	e := []HostsEntry{{netip.MustParseAddr("10.0.0.2"), []string{"a", "b"}}}
	block := hostsBegin + "10.0.0.2\ta b\n" + hostsEnd
	f.Fuzz(func(t *testing.T, old []byte) {
		got := HostsFile(old, e)
		before, _, _ := bytes.Cut(old, []byte(hostsBegin))
		if !bytes.HasPrefix(got, before) || !bytes.Contains(got, []byte(block)) || len(got) > len(old)+len(block)+1 {
			t.Fatalf("%q became %q", old, got)
		}
		if left := HostsFile(old, nil); len(left) > len(old)+1 {
			t.Fatalf("%q became %q", old, left)
		}
		if len(strings.Fields(firstName(old))) > 1 {
			t.Fatalf("the first name of %q is %q", old, firstName(old))
		}
	})
}

// FuzzResolvConf: of whatever the host's file says, each line that a container has is one
// of the host's or of its own, and no server of the loopback is left.
func FuzzResolvConf(f *testing.F) {
	for _, s := range []string{"nameserver 127.0.0.53\nsearch a b\n", "nameserver ::1\nnameserver 1.1.1.1", "options ndots:2\r\n;x\n# y", "nameserver\t127.1", "nameserver \n\x00 a", "nameserver #"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, host []byte) {
		c := &record.Container{}
		got := resolvConf(host, c)
		if len(servers(got)) != len(servers(host)) || !bytes.Equal(resolvConf(got, c), got) {
			t.Fatalf("%q became %q", host, got)
		}
		c.Host.DNS, c.Host.DNSSearch = []string{"9.9.9.9"}, []string{"x"}
		if own := resolvConf(host, c); strings.Join(servers(own), " ") != "9.9.9.9" {
			t.Fatalf("%q became %q", host, own)
		}
	})
}
