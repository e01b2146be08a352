package netdev

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
	"github.com/google/nftables/xt"
)

// Admit lets what goes into and comes out of the bridges pass the chain FORWARD
// of iptables, and questions to their resolvers the chain INPUT, in the tables that
// iptables-nft(8) keeps, where the chain's policy is to drop: docker and ufw set it.
// A packet must be accepted by every chain of the hook, so what Pouch's own table
// drops stays out. The rules stand at the end, behind what the administrator says,
// and carry owner and the bridge as comment; those of owner for other bridges are
// removed, and all of them where the policy is another. Idempotent. Nothing is made
// that iptables does not know.
func Admit(owner string, bridges []Admission) error {
	for _, fam := range []nftables.TableFamily{nftables.TableFamilyIPv4, nftables.TableFamilyIPv6} {
		if err := admit(fam, owner, wantedIn(fam, owner, bridges)); err != nil {
			return fmt.Errorf("let networks pass the chains of iptables: %w", err)
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
		if ok, err := admitted(fam, owner, want); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

func admitted(fam nftables.TableFamily, owner string, want []passage) (bool, error) {
	c, err := nftables.New()
	if err != nil {
		return false, err
	}
	chains, err := filterChains(c, fam)
	if err != nil {
		return false, err
	}
	for _, ch := range chains {
		mine := wantedBy(ch, want)
		if len(mine) == 0 {
			continue
		}
		have, err := admissions(c, ch, owner)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(mine, func(w passage) bool { return have[w.comment] == nil }) {
			return false, nil
		}
	}
	return true, nil
}

func admit(fam nftables.TableFamily, owner string, want []passage) error {
	c, err := openNft()
	if err != nil {
		return err
	}
	defer letGo(c)
	chains, err := filterChains(c, fam)
	if err != nil {
		return err
	}
	for _, ch := range chains {
		if err := settleChain(c, ch, owner, wantedBy(ch, want)); err != nil {
			return err
		}
	}
	return c.Flush()
}

// settleChain notes what a chain's rules of owner lack, and which are too many.
func settleChain(c *nftables.Conn, ch *nftables.Chain, owner string, want []passage) error {
	have, err := admissions(c, ch, owner)
	if err != nil {
		return err
	}
	for comment, r := range have {
		if !slices.ContainsFunc(want, func(w passage) bool { return w.comment == comment }) {
			if err := c.DelRule(r); err != nil {
				return err
			}
		}
	}
	for _, w := range want {
		if have[w.comment] == nil {
			c.AddRule(w.rule(ch))
		}
	}
	return nil
}

// filterChains are the chains of iptables in which Pouch has rules, as far as they
// are there.
func filterChains(c *nftables.Conn, fam nftables.TableFamily) ([]*nftables.Chain, error) {
	all, err := c.ListChainsOfTableFamily(fam)
	return slices.DeleteFunc(all, func(ch *nftables.Chain) bool {
		return ch.Table.Name != filterTable || ch.Name != forwardChain && ch.Name != inputChain
	}), err
}

// wantedBy are the passages through a chain; none through one that drops nothing by
// its policy.
func wantedBy(ch *nftables.Chain, want []passage) []passage {
	if !drops(ch) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(want), func(w passage) bool { return w.chain != ch.Name })
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
		if s := commentOf(r); strings.HasPrefix(s, owner+" ") {
			out[s] = r
		}
	}
	return out, nil
}

// commentOf is what stands beside a rule, as nft and Pouch have it, or in it, as
// iptables-nft does after iptables-restore(8).
func commentOf(r *nftables.Rule) string {
	if s, ok := userdata.GetString(r.UserData, userdata.TypeComment); ok {
		return s
	}
	for _, e := range r.Exprs {
		if m, ok := e.(*expr.Match); ok {
			if c, ok := m.Info.(*xt.Comment); ok {
				return string(*c)
			}
		}
	}
	return ""
}
