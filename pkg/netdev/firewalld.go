package netdev

import (
	"bytes"
	"slices"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
)

// firewalldTable is what firewalld makes, in the family inet.
const firewalldTable = "firewalld"

// Unzoned lists those of the links that firewalld has in no zone of their own: the
// rules of its default zone are theirs. None where firewalld does not run. Zones are
// known by the chains that firewalld has made since 0.9.
func Unzoned(links []string) ([]string, error) {
	c, err := nftables.New()
	if err != nil {
		return nil, err
	}
	chains, err := c.ListChainsOfTableFamily(nftables.TableFamilyINet)
	if err != nil {
		return nil, err
	}
	runs := false
	left := slices.Clone(links)
	for _, ch := range chains {
		if ch.Table.Name != firewalldTable || !strings.HasPrefix(ch.Name, "filter_FORWARD") || !strings.HasSuffix(ch.Name, "_ZONES") {
			continue
		}
		runs = true
		rules, err := c.GetRules(ch.Table, ch)
		if err != nil {
			return nil, err
		}
		left = slices.DeleteFunc(left, func(link string) bool {
			return slices.ContainsFunc(rules, func(r *nftables.Rule) bool { return arrivesBy(r, link) })
		})
	}
	if !runs {
		return nil, nil
	}
	return left, nil
}

// arrivesBy reports whether a rule asks for a link that packets come by, be it by
// the beginning of its name.
func arrivesBy(r *nftables.Rule, link string) bool {
	for i, e := range r.Exprs {
		m, ok := e.(*expr.Meta)
		if !ok || m.Key != expr.MetaKeyIIFNAME || i+1 == len(r.Exprs) {
			continue
		}
		c, ok := r.Exprs[i+1].(*expr.Cmp)
		if !ok || c.Op != expr.CmpOpEq {
			continue
		}
		name, whole := bytes.CutSuffix(c.Data, []byte{0})
		name = bytes.TrimRight(name, "\x00")
		if string(name) == link || !whole && strings.HasPrefix(link, string(name)) {
			return true
		}
	}
	return false
}
