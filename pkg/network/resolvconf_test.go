package network

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestNetworksSayNames(t *testing.T) {
	host := []byte("nameserver 192.0.2.1\nsearch host.test\n")
	cni := record.Joined{DNS: &record.DNS{Nameservers: []string{"198.51.100.1"}, Search: []string{"cni.test"}}}
	own := record.Joined{DNS: &record.DNS{Nameservers: []string{"10.1.1.1"}, Keep: true}}
	for _, c := range []struct {
		name   string
		host   record.Host
		joined []record.Joined
		want   string
	}{
		{"nothing said", record.Host{}, []record.Joined{{}}, ""},
		{"instead of the host's", record.Host{}, []record.Joined{cni}, "nameserver 198.51.100.1\nsearch cni.test\n"},
		{"before the host's", record.Host{}, []record.Joined{own}, "search host.test\nnameserver 10.1.1.1\nnameserver 192.0.2.1\n"},
		{"flags win", record.Host{DNS: []string{"203.0.113.1"}, DNSSearch: []string{"flag.test"}}, []record.Joined{cni, own}, "nameserver 203.0.113.1\nsearch flag.test\n"},
	} {
		with := &record.Container{Host: c.host}
		if !addNames(with, c.joined, host) {
			if c.want != "" {
				t.Errorf("%s: nothing was added", c.name)
			}
			continue
		}
		if got := string(resolvConf(host, with)); got != c.want {
			t.Errorf("%s: got %s want %s", c.name, strings.ReplaceAll(got, "\n", "|"), strings.ReplaceAll(c.want, "\n", "|"))
		}
	}
}

func TestHostResolv(t *testing.T) {
	dir := t.TempDir()
	paths := [2]string{filepath.Join(dir, "resolv.conf"), filepath.Join(dir, "direct")}
	for _, c := range []struct{ own, direct, want string }{
		{"nameserver 10.0.0.1\n", "nameserver 9.9.9.9\n", "nameserver 10.0.0.1\n"},
		{"nameserver 127.0.0.53\nsearch x\n", "nameserver 9.9.9.9\n", "nameserver 9.9.9.9\n"},
		{"nameserver 127.0.0.1\nnameserver 10.0.0.1\n", "nameserver 9.9.9.9\n", "nameserver 127.0.0.1\nnameserver 10.0.0.1\n"},
		{"nameserver 127.0.0.53\n", "", "nameserver 127.0.0.53\n"},
		{"search x\n", "nameserver 9.9.9.9\n", "search x\n"},
	} {
		if err := os.WriteFile(paths[0], []byte(c.own), 0o600); err != nil {
			t.Fatal(err)
		}
		os.Remove(paths[1])
		if c.direct != "" {
			if err := os.WriteFile(paths[1], []byte(c.direct), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := string(hostResolv(paths)); got != c.want {
			t.Errorf("%q: %q, want %q", c.own, got, c.want)
		}
	}
}

// TestResolvConfOfAHostWithout: an empty file is one of Pouch's, which follows the
// networks; nil would be none.
func TestResolvConfOfAHostWithout(t *testing.T) {
	if b := resolvConf(nil, &record.Container{}); b == nil || len(b) > 0 {
		t.Errorf("%#v", b)
	}
}
