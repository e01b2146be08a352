package netdev

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
)

// The rules stand in iptables' own chain in words that iptables knows.
func TestAdmit(t *testing.T) {
	nettest.Need(t)
	nettest.NeedProgram(t, "iptables-nft")
	defer nettest.Run(t, "", "nft", "flush", "ruleset")
	both := []Admission{{Bridge: "pb1"}, {Bridge: "pb1", IPv6: true}, {Bridge: "pb2"}}
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

// A resolver's port is open for its network alone.
func TestAdmitQuestionsForNames(t *testing.T) {
	nettest.Need(t)
	nettest.NeedProgram(t, "iptables-nft")
	defer nettest.Run(t, "", "nft", "flush", "ruleset")
	four, six := netip.MustParseAddr("10.9.0.1"), netip.MustParseAddr("fd00:9::1")
	all := []Admission{{Bridge: "pb1", Resolver: four}, {Bridge: "pb1", IPv6: true}, {Bridge: "pb6", IPv6: true, Resolver: six}}
	for _, tool := range []string{"iptables-nft", "ip6tables-nft"} {
		nettest.Run(t, "", tool, "-P", "INPUT", "DROP")
	}
	for range 2 {
		if err := Admit("pouch-t", all); err != nil {
			t.Fatal(err)
		}
	}
	if ok, err := Admitted("pouch-t", all); !ok || err != nil {
		t.Errorf("admitted after: %v %v", ok, err)
	}
	for tool, want := range map[string]string{
		"iptables-nft": `-P INPUT DROP
-A INPUT -d 10.9.0.1/32 -i pb1 -p udp -m udp --dport 53 -m comment --comment "pouch-t names from pb1 by udp at 10.9.0.1" -j ACCEPT
-A INPUT -d 10.9.0.1/32 -i pb1 -p tcp -m tcp --dport 53 -m comment --comment "pouch-t names from pb1 by tcp at 10.9.0.1" -j ACCEPT
`,
		"ip6tables-nft": `-P INPUT DROP
-A INPUT -d fd00:9::1/128 -i pb6 -p udp -m udp --dport 53 -m comment --comment "pouch-t names from pb6 by udp at fd00:9::1" -j ACCEPT
-A INPUT -d fd00:9::1/128 -i pb6 -p tcp -m tcp --dport 53 -m comment --comment "pouch-t names from pb6 by tcp at fd00:9::1" -j ACCEPT
`,
	} {
		if got := nettest.Run(t, "", tool, "-S", "INPUT"); got != want {
			t.Errorf("%s has\n%s, want\n%s", tool, got, want)
		}
		// What iptables shows it takes back.
		nettest.Run(t, "", "sh", "-c", tool+"-save >/dev/shm/admit-test && "+tool+"-restore </dev/shm/admit-test; s=$?; rm /dev/shm/admit-test; exit $s")
	}
	if ok, err := Admitted("pouch-t", all); !ok || err != nil {
		t.Errorf("admitted after iptables-restore: %v %v", ok, err)
	}
	if err := Admit("pouch-t", nil); err != nil {
		t.Fatal(err)
	}
	if out := nettest.Run(t, "", "nft", "list", "ruleset"); strings.Contains(out, "pouch-t") {
		t.Errorf("rules are left:\n%s", out)
	}
}
