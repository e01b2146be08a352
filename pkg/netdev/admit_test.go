package netdev

import (
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
)

// The rules stand in iptables' own chain in words that iptables knows.
func TestAdmit(t *testing.T) {
	nettest.Need(t)
	nettest.NeedProgram(t, "iptables-nft")
	defer nettest.Run(t, "", "nft", "flush", "ruleset")
	both := []Admission{{"pb1", false}, {"pb1", true}, {"pb2", false}}
	rules := func() string {
		t.Helper()
		if err := Admit("pouch-t", both); err != nil {
			t.Fatal(err)
		}
		return nettest.Run(t, "", "iptables-nft", "-S", "FORWARD") + nettest.Run(t, "", "ip6tables-nft", "-S", "FORWARD")
	}
	if err := Admit("pouch-t", both); err != nil {
		t.Fatal(err)
	}
	if out := nettest.Run(t, "", "nft", "list", "tables"); out != "" {
		t.Errorf("tables were made: %s", out)
	}
	for _, tool := range []string{"iptables-nft", "ip6tables-nft"} {
		nettest.Run(t, "", tool, "-P", "FORWARD", "DROP")
		nettest.Run(t, "", tool, "-A", "FORWARD", "-i", "mine", "-j", "DROP")
	}
	if ok, err := Admitted("pouch-t", both); ok || err != nil {
		t.Errorf("admitted before: %v %v", ok, err)
	}
	rules()
	out := rules() // again: nothing is added twice
	for _, want := range []string{
		"-A FORWARD -i mine -j DROP\n-A FORWARD -i pb1 -m comment --comment \"pouch-t from pb1\" -j ACCEPT\n",
		"-A FORWARD -o pb2 -m comment --comment \"pouch-t to pb2\" -j ACCEPT\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if n := strings.Count(out, "pouch-t"); n != 6 {
		t.Errorf("%d rules, want 6:\n%s", n, out)
	}
	if ok, err := Admitted("pouch-t", both); !ok || err != nil {
		t.Errorf("admitted after: %v %v", ok, err)
	}
	both = both[:2]
	if out := rules(); strings.Contains(out, "pb2") || strings.Count(out, "pouch-t") != 4 {
		t.Errorf("rules of a bridge that is gone:\n%s", out)
	}
	nettest.Run(t, "", "iptables-nft", "-P", "FORWARD", "ACCEPT")
	if out := rules(); strings.Count(out, "pouch-t") != 2 {
		t.Errorf("rules where nothing is dropped:\n%s", out)
	}
}
