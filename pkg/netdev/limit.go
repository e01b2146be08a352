package netdev

import (
	"errors"
	"fmt"
	"math"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Rate bounds one direction of an interface; zero is no bound.
type Rate struct {
	Bits  uint64 // a second
	Burst uint64 // bytes that may pass at once; 0: what 100 ms carry, at least 128 KiB
}

const (
	minBurst  = 128 << 10 // two packets that the kernel has not cut yet
	maxQueued = 50        // milliseconds that a packet waits at most
)

func (r Rate) bytes() uint64 { return max(r.Bits/8, 1) }

func (r Rate) burst() uint32 {
	b := r.Burst
	if b == 0 {
		b = max(r.bytes()/10, minBurst)
	}
	return uint32(min(b, math.MaxInt32))
}

// ticks is how long burst bytes take at rate bytes a second, in the kernel's packet
// scheduler's unit, or the most that it knows. (netlink.Xmittime begins again at 0.)
func ticks(rate uint64, burst uint32) uint32 {
	return uint32(min(netlink.TickInUsec()*1e6*float64(burst)/float64(rate), math.MaxUint32))
}

// Limited is a pair of links whose traffic is bounded.
type Limited struct {
	Host  string // the host's end
	Netns string // path
	Iface string // the other end, in Netns
	Table string // of family netdev: this pair's alone
	In    Rate   // towards the namespace
	Out   Rate
}

// Limit bounds what passes over a pair of links, in by a queue at the host's end
// (tc-tbf(8)). Out has a queue at the other end, which spares senders the loss of
// packets but which root in the namespace may remove, and behind it a rule at the
// entry into the host that nobody in there reaches; the rule lets pass at once what a
// second may carry (nft_limit of the kernel counts so). Idempotent. What it made
// ends with the links, and the table with Unlimit.
func Limit(l Limited) error {
	if l.In.Bits > 0 {
		if err := queue(l.Host, l.In); err != nil {
			return fmt.Errorf("limit what goes into %s: %w", l.Host, err)
		}
	}
	if l.Out.Bits == 0 {
		return nil
	}
	err := police(l.Host, l.Table, l.Out)
	if err == nil {
		err = inNetns(l.Netns, l.Iface, func(h *netlink.Handle, index int) error { return bucket(h, index, l.Out) })
	}
	if err != nil {
		return fmt.Errorf("limit what comes out of %s: %w", l.Host, err)
	}
	return nil
}

func queue(link string, r Rate) error {
	index, err := linkIndex(link)
	if err != nil {
		return err
	}
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer h.Close()
	return bucket(h, index, r)
}

// bucket makes the queue of link number index.
func bucket(h *netlink.Handle, index int, r Rate) error {
	burst := r.burst()
	err := h.QdiscReplace(&netlink.Tbf{
		QdiscAttrs: netlink.QdiscAttrs{LinkIndex: index, Parent: netlink.HANDLE_ROOT, Handle: netlink.MakeHandle(1, 0)},
		Rate:       r.bytes(), Buffer: ticks(r.bytes(), burst),
		Limit: uint32(min(r.bytes()*maxQueued/1000+uint64(burst), math.MaxUint32)),
	})
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EOPNOTSUPP) {
		return errs.New(errs.Unsupported, "this kernel has no token bucket (sch_tbf): %w", err)
	}
	return err
}

func police(link, table string, r Rate) error {
	c, err := openNft()
	if err != nil {
		return err
	}
	defer letGo(c)
	t := &nftables.Table{Name: table, Family: nftables.TableFamilyNetdev}
	c.AddTable(t)
	c.DelTable(t)
	c.AddTable(t)
	ch := c.AddChain(&nftables.Chain{
		Name: "out", Table: t, Type: nftables.ChainTypeFilter, Hooknum: nftables.ChainHookIngress,
		Priority: nftables.ChainPriorityFilter, Device: link,
	})
	c.AddRule(&nftables.Rule{Table: t, Chain: ch, Exprs: []expr.Any{
		&expr.Limit{Type: expr.LimitTypePktBytes, Rate: r.bytes(), Over: true, Unit: expr.LimitTimeSecond, Burst: r.burst()},
		&expr.Verdict{Kind: expr.VerdictDrop},
	}})
	return c.Flush()
}

// Unlimit removes what Limit made for the way out. Idempotent.
func Unlimit(table string) error {
	c, err := openNft()
	if err != nil {
		return err
	}
	defer letGo(c)
	t := &nftables.Table{Name: table, Family: nftables.TableFamilyNetdev}
	c.AddTable(t)
	c.DelTable(t)
	if err := c.Flush(); err != nil {
		return fmt.Errorf("remove nftables table netdev %s: %w", table, err)
	}
	return nil
}

// LimitTables lists the tables of the netdev family.
func LimitTables() ([]string, error) {
	c, err := nftables.New()
	if err != nil {
		return nil, err
	}
	ts, err := c.ListTablesOfFamily(nftables.TableFamilyNetdev)
	var out []string
	for _, t := range ts {
		out = append(out, t.Name)
	}
	return out, err
}
