package netdev

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
)

// What nft and iptables-nft write is followed as the kernel does.
func TestObstacles(t *testing.T) {
	nettest.Need(t)
	nettest.NeedProgram(t, "iptables-nft")
	const base = "add table inet f; add chain inet f fw { type filter hook forward priority 0; policy %s; }; add chain inet f other; "
	rule := func(policy, rules string) []string { return []string{"nft", fmt.Sprintf(base, policy) + rules} }
	policy, ruled := "[{inet f fw false}]", "[{inet f fw true}]"
	for name, c := range map[string]struct {
		do   []string
		want string
	}{
		"accepts":                  {rule("accept", ""), "[]"},
		"policy":                   {rule("drop", ""), policy},
		"drops all":                {rule("accept", "add rule inet f fw counter log drop"), ruled},
		"rejects all":              {rule("accept", "add rule inet f fw reject with icmpx admin-prohibited"), ruled},
		"translated pass":          {rule("drop", "add rule inet f fw ct status dnat accept"), "[]"},
		"as firewalld":             {rule("accept", "add rule inet f fw ct state established,related accept; add rule inet f fw ct status dnat accept; add rule inet f fw reject"), "[]"},
		"the bridge passes":        {rule("drop", "add rule inet f fw oifname pb1 accept"), "[]"},
		"another bridge passes":    {rule("drop", "add rule inet f fw oifname pb2 accept"), policy},
		"all but the bridge":       {rule("drop", "add rule inet f fw oifname != pb1 accept"), policy},
		"the bridge is dropped":    {rule("accept", "add rule inet f fw oifname pb1 drop"), ruled},
		"some packets are dropped": {rule("accept", "add rule inet f fw tcp dport 7 drop"), "[]"},
		"by a jump":                {rule("accept", "add rule inet f other drop; add rule inet f fw jump other"), ruled},
		"back from a jump":         {rule("drop", "add rule inet f other return; add rule inet f fw jump other; add rule inet f fw accept"), "[]"},
		"no way back":              {rule("drop", "add rule inet f fw goto other; add rule inet f fw accept"), policy},
		"iptables' policy":         {[]string{"iptables-nft", "-P", "FORWARD", "DROP"}, "[{ip filter FORWARD false}]"},
		"iptables rejects":         {[]string{"iptables-nft", "-A", "FORWARD", "-j", "REJECT"}, "[{ip filter FORWARD true}]"},
		"iptables drops":           {[]string{"ip6tables-nft", "-A", "FORWARD", "-o", "pb1", "-j", "DROP"}, "[{ip6 filter FORWARD true}]"},
	} {
		nettest.Run(t, "", c.do...)
		got, err := Obstacles("pouch", "pb1", strings.Contains(c.want, "ip6"))
		if text := fmt.Sprint(got); err != nil || text != c.want {
			t.Errorf("%s: %s %v, want %s\n%s", name, text, err, c.want, nettest.Run(t, "", "nft", "list", "ruleset"))
		}
		nettest.Run(t, "", "nft", "flush", "ruleset")
	}
	for tool, ipv6 := range map[string]bool{"iptables-nft": true, "ip6tables-nft": false} {
		nettest.Run(t, "", tool, "-P", "FORWARD", "DROP")
		if got, err := Obstacles("pouch", "pb1", ipv6); err != nil || len(got) > 0 {
			t.Errorf("%s has no part in the other family: %v %v", tool, got, err)
		}
		nettest.Run(t, "", "nft", "flush", "ruleset")
	}
	if err := ApplyRules("pouch", Rules{}); err != nil {
		t.Fatal(err)
	}
	defer DropRules("pouch")
	if got, err := Obstacles("pouch", "pb1", false); err != nil || len(got) > 0 {
		t.Errorf("the own table: %v %v", got, err)
	}
}
