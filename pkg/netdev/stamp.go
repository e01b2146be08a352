package netdev

import (
	"errors"
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
	"golang.org/x/sys/unix"
)

// stamps writes one rule a network into a chain that no packet meets; their
// comments tell which networks the table speaks of, also to a person.
func (r *renderer) stamps(ns []NetworkRules) {
	ch := r.chain(stampChain)
	for _, n := range ns {
		r.c.AddRule(&nftables.Rule{
			Table: r.t, Chain: ch, Exprs: verdict(expr.VerdictReturn),
			UserData: userdata.AppendString(nil, userdata.TypeComment, n.Stamp),
		})
	}
}

// Stamps returns the stamps of the networks that the table inet name has rules
// for: none when there is no such table, or when somebody flushed it. It costs
// one question to the kernel.
func Stamps(name string) ([]string, error) {
	c, err := nftables.New()
	if err != nil {
		return nil, err
	}
	t := &nftables.Table{Name: name, Family: nftables.TableFamilyINet}
	rules, err := c.GetRules(t, &nftables.Chain{Name: stampChain, Table: t})
	if errors.Is(err, unix.ENOENT) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read packet rules (nftables table inet %s): %w", name, err)
	}
	var out []string
	for _, r := range rules {
		if s, ok := userdata.GetString(r.UserData, userdata.TypeComment); ok {
			out = append(out, s)
		}
	}
	return out, nil
}

// Tables lists the inet tables of the host.
func Tables() ([]string, error) {
	c, err := nftables.New()
	if err != nil {
		return nil, err
	}
	ts, err := c.ListTablesOfFamily(nftables.TableFamilyINet)
	var out []string
	for _, t := range ts {
		out = append(out, t.Name)
	}
	return out, err
}
