package netdev

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// outcome is what becomes of a packet in a chain.
type outcome int

const (
	onward  outcome = iota // no rule that is understood decides
	passed                 // accepted
	dropped                // dropped or rejected
)

// maxJumps is how deep chains are followed; the kernel's limit is 16
// (NFT_JUMP_STACK_SIZE).
const maxJumps = 16

// walk follows a packet that was translated for a member of a bridge.
type walk struct {
	c      *nftables.Conn
	bridge string
}

func (w *walk) through(t *nftables.Table, chain string, depth int) (outcome, error) {
	rules, err := w.c.GetRules(t, &nftables.Chain{Name: chain, Table: t})
	if errors.Is(err, unix.ENOENT) {
		return onward, nil // removed just now
	}
	if err != nil {
		return onward, fmt.Errorf("read chain %s of nftables: %w", chain, err)
	}
	for _, r := range rules {
		if !w.meets(r) {
			continue
		}
		next, jumps, end := verdictOf(r)
		if jumps != "" && depth < maxJumps {
			if next, err = w.through(t, jumps, depth+1); err != nil {
				return onward, err
			}
		}
		if next != onward || end {
			return next, nil
		}
	}
	return onward, nil
}

// meets reports whether it is certain that the packet meets all that a rule asks.
func (w *walk) meets(r *nftables.Rule) bool {
	var from expr.Any // what the next comparison looks at
	for _, e := range r.Exprs {
		switch x := e.(type) {
		case *expr.Verdict, *expr.Counter, *expr.Log, *expr.Reject, *expr.Target:
		case *expr.Meta, *expr.Ct:
			from = x
		case *expr.Bitwise:
			if !isDNAT(from, x) {
				return false
			}
		case *expr.Cmp:
			if !w.compares(from, x) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

func (w *walk) compares(from expr.Any, c *expr.Cmp) bool {
	switch x := from.(type) {
	case *expr.Meta:
		return x.Key == expr.MetaKeyOIFNAME && c.Op == expr.CmpOpEq && strings.TrimRight(string(c.Data), "\x00") == w.bridge
	case *expr.Ct: // isDNAT saw the mask
		return x.Key == expr.CtKeySTATUS && c.Op == expr.CmpOpNeq
	}
	return false
}

// isDNAT is `ct status dnat`.
func isDNAT(from expr.Any, mask *expr.Bitwise) bool {
	ct, ok := from.(*expr.Ct)
	return ok && ct.Key == expr.CtKeySTATUS && len(mask.Mask) == 4 && binary.NativeEndian.Uint32(mask.Mask) == ctDNAT
}

// verdictOf is what a rule says: what becomes of the packet, or the chain that it
// goes to. end: no later rule of the chain counts.
func verdictOf(r *nftables.Rule) (o outcome, jumps string, end bool) {
	for _, e := range r.Exprs {
		switch x := e.(type) {
		case *expr.Reject:
			return dropped, "", true
		case *expr.Target: // of xtables, by its name
			if x.Name == "REJECT" || x.Name == "DROP" {
				return dropped, "", true
			}
		case *expr.Verdict:
			switch x.Kind {
			case expr.VerdictAccept:
				return passed, "", true
			case expr.VerdictDrop:
				return dropped, "", true
			case expr.VerdictJump:
				return onward, x.Chain, false
			case expr.VerdictGoto:
				return onward, x.Chain, true
			case expr.VerdictReturn:
				return onward, "", true
			}
		}
	}
	return onward, "", false
}
