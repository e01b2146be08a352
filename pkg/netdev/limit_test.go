package netdev

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
)

func TestLimit(t *testing.T) {
	nettest.Need(t)
	other := filepath.Join(nettest.Dir(t), "ns")
	if _, err := NewNetns(other); err != nil {
		t.Fatal(err)
	}
	defer RemoveNetns(other)
	nettest.Run(t, "", "ip", "link", "add", "pvx", "type", "veth", "peer", "name", "eth0", "netns", other)
	defer DeleteLink("pvx")
	for range 2 {
		if err := Limit(Limited{"pvx", other, "eth0", "pouch-t-pvx", Rate{Bits: 8e6}, Rate{Bits: 16e6, Burst: 1 << 20}}); err != nil {
			t.Fatal(err)
		}
	}
	if out := nettest.Run(t, "", "tc", "qdisc", "show", "dev", "pvx"); !strings.Contains(out, "rate 8Mbit burst 128Kb") {
		t.Error(out)
	}
	out := nettest.Run(t, "", "nft", "list", "table", "netdev", "pouch-t-pvx")
	if !strings.Contains(out, `hook ingress device "pvx"`) || strings.Count(out, "limit rate over") != 1 || !strings.Contains(out, "drop") {
		t.Error(out)
	}
	if out := nettest.Run(t, other, "tc", "qdisc", "show", "dev", "eth0"); !strings.Contains(out, "rate 16Mbit burst 1Mb") {
		t.Errorf("inside: %s", out)
	}
	if ts, err := LimitTables(); err != nil || !slices.Equal(ts, []string{"pouch-t-pvx"}) {
		t.Errorf("%v %v", ts, err)
	}
	for range 2 {
		if err := Unlimit("pouch-t-pvx"); err != nil {
			t.Fatal(err)
		}
	}
	if ts, err := LimitTables(); err != nil || len(ts) > 0 {
		t.Errorf("%v %v", ts, err)
	}
}
