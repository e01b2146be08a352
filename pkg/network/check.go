package network

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// checkup collects what is found about one network.
type checkup struct {
	m     *Manager
	n     *record.Network
	used  bool // somebody is in it
	found []Finding
}

// Check looks whether a network can be joined now, and whether its members are as
// they were made; of CNI plugins it asks both (specification 1.1.0, STATUS and
// CHECK). It changes nothing. Kinds of errors as of Inspect; what is not as it
// should be is among the findings.
func (m *Manager) Check(ctx context.Context, target string) ([]Finding, error) {
	n, err := m.Inspect(target)
	if err != nil {
		return nil, err
	}
	members, err := m.Members(target)
	if err != nil {
		return nil, err
	}
	d, err := driverOf(n.Driver)
	if err != nil {
		return nil, err
	}
	c := &checkup{m: m, n: n, used: len(members) > 0}
	if n.Driver == cniDriverName {
		c.plugins(ctx)
	} else {
		c.links(d)
		c.rules()
		c.tell("addresses are free", "", m.full(n))
	}
	for _, x := range members {
		c.member(ctx, d, x)
	}
	return c.found, nil
}

// UsedCNI are the networks of CNI plugins that somebody is in.
func (m *Manager) UsedCNI() ([]string, error) {
	all, err := m.s.LeaseNetworks()
	return slices.DeleteFunc(all, func(n string) bool { return !strings.HasPrefix(n, cniPrefix) || !m.usedCNI(n) }), err
}

// tell notes a finding: what is so, or why it is not.
func (c *checkup) tell(what, remedy string, err error) {
	name := "network " + c.n.Name + ": "
	if err == nil {
		c.found = append(c.found, Finding{OK: true, What: name + what})
		return
	}
	c.found = append(c.found, Finding{What: name + strings.TrimPrefix(err.Error(), name), Remedy: remedy})
}

// again is what makes links and rules anew.
func (c *checkup) again() string { return "pouch-net reload " + c.n.Name + " makes it anew" }

func (c *checkup) links(d driver) {
	ok, err := d.ready(c.m, c.n)
	switch {
	case err != nil || ok:
		c.tell("its links are there", c.again(), err)
	case c.used:
		c.tell("", c.again(), errs.New(errs.NotFound, "its link on the host is not there, or does not forward"))
	default:
		c.tell("its links are made by the next who joins", "", nil)
	}
}

func (c *checkup) rules() {
	r, has, err := rulesOf(c.n)
	if err == nil && !has {
		return
	}
	var there []string
	if err == nil {
		there, err = netdev.Stamps(c.m.Table())
	}
	switch {
	case err != nil || slices.Contains(there, r.Stamp):
		c.tell("its packet rules are there", "", err)
	case c.used:
		c.tell("", c.again(), errs.New(errs.NotFound, "its packet rules are not there (nftables table inet %s)", c.m.Table()))
	default:
		c.tell("its packet rules are made by the next who joins", "", nil)
	}
}

// plugins asks those of a CNI network whether they could join somebody.
func (c *checkup) plugins(ctx context.Context) {
	e := &record.Endpoint{Driver: c.n.Driver, Network: c.n.Name, PluginDirs: pluginDirs()}
	conf, err := readConf(c.n.Options["conf"])
	if err == nil {
		e.Config = conf.list
		_, err = c.m.foreign(ctx, ForeignCall{Op: ForeignStatus, Driver: e.Driver, Endpoint: e})
	}
	c.tell("its plugins are ready", "", err)
}

func (c *checkup) member(ctx context.Context, d driver, x Member) {
	who := nameOfLease(&x.Lease) + ": " + x.Lease.Iface
	fix, err := c.m.checkMember(c.n, d, x)
	if err == nil && c.n.Driver == cniDriverName {
		fix = anew
		if err = c.m.checkCNI(ctx, x.Lease); errs.Is(err, errs.Unsupported) {
			c.tell(who+" has its addresses; the plugins have no CHECK", "", nil)
			return
		}
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", who, err)
	}
	c.tell(who+" is as it was made", fix, err)
}
