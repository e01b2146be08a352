package netdev

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
)

// Admission is a bridge whose packets other firewalls are asked to let pass.
type Admission struct {
	Bridge string
	IPv6   bool // else IPv4
}

// forwardChain is what iptables makes, as far as nftables sees it.
const forwardTable, forwardChain = "filter", "FORWARD"

// Admit lets what goes into and comes out of the bridges pass the chain FORWARD
// of iptables, in the tables that iptables-nft(8) keeps, where the chain's policy
// is to drop: docker and ufw set it. A packet must be accepted by every chain of
// the hook, so what Pouch's own table drops stays out. The rules stand at the end,
// behind what the administrator says, and carry owner and the bridge as
// comment; those of owner for other bridges are removed, and all of them where the
// policy is another. Idempotent. Nothing is made that iptables does not know.
func Admit(owner string, bridges []Admission) error {
	for _, fam := range []nftables.TableFamily{nftables.TableFamilyIPv4, nftables.TableFamilyIPv6} {
		if err := admit(fam, owner, wantedIn(fam, owner, bridges)); err != nil {
			return fmt.Errorf("let networks pass chain FORWARD of iptables: %w", err)
		}
	}
	return nil
}

// Admitted reports whether Admit has nothing to add for the bridges.
func Admitted(owner string, bridges []Admission) (bool, error) {
	for _, fam := range []nftables.TableFamily{nftables.TableFamilyIPv4, nftables.TableFamilyIPv6} {
		want := wantedIn(fam, owner, bridges)
		if len(want) == 0 {
			continue
		}
		c, err := nftables.New()
		if err != nil {
			return false, err
		}
		ch, err := dropping(c, fam)
		if err != nil || ch == nil {
			if err != nil {
				return false, err
			}
			continue
		}
		have, err := admissions(c, ch, owner)
		if err != nil {
			return false, err
		}
		for _, w := range want {
			if _, ok := have[w]; !ok {
				return false, nil
			}
		}
	}
	return true, nil
}

// wantedIn are the comments of the rules that a family's chain is to have: two a
// bridge.
func wantedIn(fam nftables.TableFamily, owner string, bridges []Admission) []string {
	var out []string
	for _, b := range bridges {
		if b.IPv6 == (fam == nftables.TableFamilyIPv6) {
			out = append(out, owner+" from "+b.Bridge, owner+" to "+b.Bridge)
		}
	}
	return out
}

func admit(fam nftables.TableFamily, owner string, want []string) error {
	c, err := openNft()
	if err != nil {
		return err
	}
	defer letGo(c)
	ch, err := find(c, fam)
	if err != nil || ch == nil {
		return err
	}
	have, err := admissions(c, ch, owner)
	if err != nil {
		return err
	}
	if !drops(ch) {
		want = nil
	}
	for comment, r := range have {
		if !slices.Contains(want, comment) {
			if err := c.DelRule(r); err != nil {
				return err
			}
		}
	}
	for _, comment := range want {
		if _, ok := have[comment]; !ok {
			c.AddRule(admission(ch, comment))
		}
	}
	return c.Flush()
}

func admission(ch *nftables.Chain, comment string) *nftables.Rule {
	words := strings.Fields(comment)
	bridge := words[len(words)-1]
	match := iif(bridge, true)
	if words[len(words)-2] == "to" {
		match = oif(bridge, true)
	}
	return &nftables.Rule{
		Table: ch.Table, Chain: ch, Exprs: join(match, []expr.Any{&expr.Counter{}}, verdict(expr.VerdictAccept)),
		UserData: userdata.AppendString(nil, userdata.TypeComment, comment),
	}
}

// find returns the chain FORWARD of a family, or nil.
func find(c *nftables.Conn, fam nftables.TableFamily) (*nftables.Chain, error) {
	all, err := c.ListChainsOfTableFamily(fam)
	for _, ch := range all {
		if ch.Name == forwardChain && ch.Table.Name == forwardTable {
			return ch, err
		}
	}
	return nil, err
}

// dropping is find that leaves out a chain with another policy.
func dropping(c *nftables.Conn, fam nftables.TableFamily) (*nftables.Chain, error) {
	ch, err := find(c, fam)
	if err != nil || ch == nil || !drops(ch) {
		return nil, err
	}
	return ch, nil
}

func drops(ch *nftables.Chain) bool {
	return ch.Policy != nil && *ch.Policy == nftables.ChainPolicyDrop
}

// admissions are the rules of owner, by comment.
func admissions(c *nftables.Conn, ch *nftables.Chain, owner string) (map[string]*nftables.Rule, error) {
	rules, err := c.GetRules(ch.Table, ch)
	if err != nil {
		return nil, err
	}
	out := map[string]*nftables.Rule{}
	for _, r := range rules {
		if s, ok := userdata.GetString(r.UserData, userdata.TypeComment); ok && strings.HasPrefix(s, owner+" ") {
			out[s] = r
		}
	}
	return out, nil
}

// AdmissionsOf are the admissions that a network of these subnets needs.
func AdmissionsOf(bridge string, subnets []netip.Prefix) []Admission {
	var out []Admission
	for _, s := range subnets {
		a := Admission{bridge, s.Addr().Is6()}
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}
