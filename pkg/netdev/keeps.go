package netdev

import (
	"fmt"
	"slices"

	"github.com/vishvananda/netlink"
)

// Keeps reports whether what Limit made on the host is there, each way: the queue
// for what goes in, the table for what comes out. A way without a bound is kept.
func Keeps(l Limited) (in, out bool, err error) {
	in, out = l.In.Bits == 0, l.Out.Bits == 0
	if !in {
		if in, err = queued(l.Host); err != nil {
			return in, out, fmt.Errorf("look at the queue of %s: %w", l.Host, err)
		}
	}
	if !out {
		tables, err := LimitTables()
		if err != nil {
			return in, out, err
		}
		out = slices.Contains(tables, l.Table)
	}
	return in, out, nil
}

// queued reports whether a link has a token bucket.
func queued(name string) (bool, error) {
	l, err := netlink.LinkByName(name)
	if err != nil {
		return false, err
	}
	all, err := netlink.QdiscList(l)
	return slices.ContainsFunc(all, func(q netlink.Qdisc) bool { return q.Type() == "tbf" }), err
}
