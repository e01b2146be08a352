package netdev

import (
	"fmt"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
)

// Zones are found in what firewalld writes, with whole names and beginnings.
func TestUnzoned(t *testing.T) {
	nettest.Need(t)
	defer nettest.Run(t, "", "nft", "flush", "ruleset")
	links := []string{"pouch0", "pb123456789012", "lan0", "lan"}
	got := func(want string) {
		t.Helper()
		out, err := Unzoned(links)
		if err != nil || fmt.Sprint(out) != want {
			t.Errorf("%v %v, want %s", out, err, want)
		}
	}
	got("[]")
	nettest.Run(t, "", "nft", `add table inet firewalld
		add chain inet firewalld filter_FWD_public
		add chain inet firewalld filter_FWD_pouch
		add chain inet firewalld filter_FORWARD_POLICIES_pre
		add rule inet firewalld filter_FORWARD_POLICIES_pre iifname "lan" jump filter_FWD_pouch
		add chain inet firewalld filter_FORWARD_ZONES
		add rule inet firewalld filter_FORWARD_ZONES goto filter_FWD_public`)
	got("[pouch0 pb123456789012 lan0 lan]")
	nettest.Run(t, "", "nft", `insert rule inet firewalld filter_FORWARD_ZONES iifname "pb*" goto filter_FWD_pouch
		insert rule inet firewalld filter_FORWARD_ZONES iifname "lan0" goto filter_FWD_pouch`)
	got("[pouch0 lan]")
}
