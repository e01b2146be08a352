package resolver

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/miekg/dns"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Check asks the server at an address for its health. Kind unavailable when it does
// not answer.
func Check(ctx context.Context, server netip.Addr, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	q := new(dns.Msg).SetQuestion(HealthName, dns.TypeA)
	if server.Is6() {
		q.SetQuestion(HealthName, dns.TypeAAAA)
	}
	r, _, err := (&dns.Client{}).ExchangeContext(ctx, q, netip.AddrPortFrom(server, 53).String())
	if err == nil && len(r.Answer) == 0 {
		err = errors.New("it does not know itself")
	}
	if err != nil {
		return errs.New(errs.Unavailable, "resolver at %s: %w", server, err)
	}
	return nil
}
