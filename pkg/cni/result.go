package cni

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"github.com/containernetworking/cni/pkg/types"
	types100 "github.com/containernetworking/cni/pkg/types/100"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Result is what an ADD has made.
type Result struct {
	Addresses []Address `json:"addresses,omitempty"`
	MAC       string    `json:"mac,omitempty"`
	HostLink  string    `json:"hostLink,omitempty"` // the other end on the host, where the plugins told one
	DNS       DNS       `json:"dns"`
}

// Address of the interface.
type Address struct {
	Prefix  netip.Prefix `json:"prefix"`
	Gateway netip.Addr   `json:"gateway,omitzero"`
}

// DNS is what the plugins say of name service.
type DNS struct {
	Nameservers []string `json:"nameservers,omitempty"`
	Search      []string `json:"search,omitempty"`
	Options     []string `json:"options,omitempty"`
}

// newResult reads an answer, of whatever version, for interface iface. What is not
// an address or a name fails with kind corrupt: it would come into files.
func newResult(r types.Result, iface string) (*Result, error) {
	got, err := current(r)
	if err != nil {
		return nil, errs.New(errs.Corrupt, "the plugin's answer: %w", err)
	}
	out := &Result{}
	inside := -1
	for i, l := range got.Interfaces {
		switch {
		case l.Sandbox != "" && l.Name == iface:
			inside, out.MAC = i, l.Mac
		case l.Sandbox == "" && out.HostLink == "" && strings.HasPrefix(l.Name, "veth"):
			out.HostLink = l.Name
		}
	}
	for _, ip := range got.IPs {
		if ip.Interface != nil && inside >= 0 && *ip.Interface != inside {
			continue
		}
		a, err := newAddress(ip)
		if err != nil {
			return nil, err
		}
		out.Addresses = append(out.Addresses, a)
	}
	out.DNS = DNS{got.DNS.Nameservers, got.DNS.Search, got.DNS.Options}
	if d := got.DNS.Domain; d != "" && len(out.DNS.Search) == 0 {
		out.DNS.Search = []string{d}
	}
	return out, out.DNS.check()
}

func newAddress(ip *types100.IPConfig) (Address, error) {
	a, ok := netip.AddrFromSlice(ip.Address.IP)
	bits, _ := ip.Address.Mask.Size()
	if !ok {
		return Address{}, errs.New(errs.Corrupt, "the plugin's answer: %v is no address", ip.Address)
	}
	if a.Is4In6() && bits >= 96 { // RFC 4291, 2.5.5.2
		bits -= 96
	}
	out := Address{Prefix: netip.PrefixFrom(a.Unmap(), bits)}
	if g, ok := netip.AddrFromSlice(ip.Gateway); ok {
		out.Gateway = g.Unmap()
	}
	if !out.Prefix.IsValid() || out.Gateway.IsValid() && out.Gateway.Is4() != out.Prefix.Addr().Is4() {
		return Address{}, errs.New(errs.Corrupt, "the plugin's answer: %v with the gateway %v is no address", &ip.Address, ip.Gateway)
	}
	return out, nil
}

// current is a result of whatever version in the form of the newest. What has null for
// an element is none: the library lets it pass.
func current(r types.Result) (*types100.Result, error) {
	got, err := types100.NewResultFromResult(r)
	if err != nil {
		return nil, err
	}
	if slices.Contains(got.Interfaces, nil) || slices.Contains(got.IPs, nil) || slices.Contains(got.Routes, nil) {
		return nil, errs.New(errs.Invalid, "null is no interface, address or route")
	}
	return got, nil
}

func (d DNS) check() error {
	for _, n := range d.Nameservers {
		if _, err := netip.ParseAddr(n); err != nil {
			return errs.New(errs.Corrupt, "the plugin's answer: name server %q is no address", n)
		}
	}
	for _, s := range append(append([]string{}, d.Search...), d.Options...) {
		if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return errs.New(errs.Corrupt, "the plugin's answer: %q is no word of resolv.conf", s)
		}
	}
	return nil
}

// pluginError is what a plugin that failed says: its own JSON error, else what it
// wrote on stderr.
func pluginError(path string, err error, stdout, stderr []byte) error {
	name := filepath.Base(path)
	complaint := strings.TrimSpace(string(stderr[:min(len(stderr), 4096)]))
	var e types.Error
	if json.Unmarshal(stdout, &e) == nil && e.Msg != "" {
		if complaint != "" {
			return fmt.Errorf("plugin %s: %w (%s)", name, &e, complaint)
		}
		return fmt.Errorf("plugin %s: %w", name, &e)
	}
	if complaint == "" {
		return fmt.Errorf("plugin %s: %w", name, err)
	}
	return fmt.Errorf("plugin %s: %w: %s", name, err, complaint)
}
