package network

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Options of bridge networks: docker's names, and those of podman that docker
// has none for.
const (
	OptBridgeName  = "com.docker.network.bridge.name"
	OptICC         = "com.docker.network.bridge.enable_icc"
	OptHostIP      = "com.docker.network.bridge.host_binding_ipv4"
	OptMode4       = "com.docker.network.bridge.gateway_mode_ipv4"
	OptMode6       = "com.docker.network.bridge.gateway_mode_ipv6"
	OptInhibitIPv4 = "com.docker.network.bridge.inhibit_ipv4"
	OptIsolate     = "isolate"
	OptVLAN        = "vlan"
)

// Modes of a bridge's gateway, docker's words.
const (
	modeNAT         = "nat"             // members share the host's address; published ports are the host's
	modeUnprotected = "nat-unprotected" // beside that, all ports of members are reached at their own addresses
	modeRouted      = "routed"          // members keep their addresses; published ports are reached there
	modeIsolated    = "isolated"        // the host has no address in the network
)

// bridgeOptions are the options of a bridge network, understood.
type bridgeOptions struct {
	link       string // "": chosen
	masquerade bool
	icc        bool // members reach each other
	isolate    bool // members of other networks reach nothing but published ports
	vlan       uint16
	hostIP     string // on which ports are published that name no address
	mode4      string
	mode6      string
	inhibit4   bool // the bridge has no IPv4 address
}

// bridgeSetters read the options, by their names.
func bridgeSetters() map[string]func(*bridgeOptions, string) error {
	return map[string]func(*bridgeOptions, string) error{
		OptBridgeName:  func(b *bridgeOptions, v string) (err error) { b.link, err = linkName(v); return err },
		OptMasquerade:  func(b *bridgeOptions, v string) (err error) { b.masquerade, err = strconv.ParseBool(v); return err },
		OptICC:         func(b *bridgeOptions, v string) (err error) { b.icc, err = strconv.ParseBool(v); return err },
		OptInhibitIPv4: func(b *bridgeOptions, v string) (err error) { b.inhibit4, err = strconv.ParseBool(v); return err },
		OptMode4:       func(b *bridgeOptions, v string) (err error) { b.mode4, err = gatewayMode(v); return err },
		OptMode6:       func(b *bridgeOptions, v string) (err error) { b.mode6, err = gatewayMode(v); return err },
		OptIsolate: func(b *bridgeOptions, v string) (err error) {
			if v != "strict" { // podman's: also from networks that are not
				b.isolate, err = strconv.ParseBool(v)
			}
			return err
		},
		OptVLAN: func(b *bridgeOptions, v string) error {
			n, err := strconv.ParseUint(v, 10, 16)
			if err != nil || n < 1 || n > 4094 { // IEEE 802.1Q reserves 0 and 4095
				return errs.New(errs.Invalid, "a number from 1 to 4094")
			}
			b.vlan = uint16(n)
			return nil
		},
		OptHostIP: func(b *bridgeOptions, v string) error {
			a, err := netip.ParseAddr(v)
			if err == nil && !a.IsUnspecified() {
				b.hostIP = a.String()
			}
			return err
		},
		// What others have seen already.
		OptResolver: boolOnly, OptMTU: nothing, OptNoDefaultRoute: nothing, OptMetric: nothing,
		OptIngressRate: nothing, OptIngressBurst: nothing, OptEgressRate: nothing, OptEgressBurst: nothing,
	}
}

// bridgeOptionsOf are the options of a network that is there; what this version
// does not understand of them has no effect.
func bridgeOptionsOf(n *record.Network) bridgeOptions {
	b := defaultBridgeOptions()
	known := bridgeSetters()
	for k, v := range n.Options {
		if set := known[k]; set != nil {
			before := b
			if set(&b, v) != nil {
				b = before
			}
		}
	}
	return b
}

func defaultBridgeOptions() bridgeOptions {
	return bridgeOptions{masquerade: true, icc: true, isolate: true, mode4: modeNAT, mode6: modeNAT}
}

// readBridgeOptions understands the options of a new bridge network. Those with a dot
// that are not docker's for bridges may be somebody else's, and are kept unread.
func readBridgeOptions(options map[string]string) (bridgeOptions, error) {
	b := defaultBridgeOptions()
	known := bridgeSetters()
	for k, v := range options {
		set := known[k]
		if set == nil {
			if strings.Contains(k, ".") && !strings.HasPrefix(k, "com.docker.network.bridge.") {
				continue
			}
			return b, errs.New(errs.Invalid, "network driver bridge: no option %q: it has %s", k, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
		if err := set(&b, v); err != nil {
			return b, errs.New(errs.Invalid, "network driver bridge: %s=%s: %w", k, v, err)
		}
	}
	return b, nil
}

func nothing(*bridgeOptions, string) error { return nil }

func gatewayMode(v string) (string, error) {
	switch v {
	case modeNAT, modeUnprotected, modeRouted, modeIsolated:
		return v, nil
	}
	return "", errs.New(errs.Invalid, "%s, %s, %s or %s", modeNAT, modeUnprotected, modeRouted, modeIsolated)
}

// linkName checks the name of a link: dev_valid_name of the kernel.
func linkName(v string) (string, error) {
	if v == "" || len(v) > 15 || v == "." || v == ".." || strings.ContainsAny(v, "/: \t\n\v\f\r") || strings.ContainsFunc(v, func(r rune) bool { return r < 0x21 || r > 0x7e }) {
		return "", errs.New(errs.Invalid, "not the name of a link: at most 15 characters, without blanks, / and :")
	}
	return v, nil
}

// mode is the gateway's mode for the family of a subnet.
func (b bridgeOptions) mode(p netip.Prefix) string {
	if p.Addr().Is4() {
		return b.mode4
	}
	return b.mode6
}

// checkBridge checks the options of a new network against the rest of it.
func checkBridge(o CreateOpts) error {
	b, err := readBridgeOptions(o.Options)
	if err != nil {
		return err
	}
	if _, _, err := networkRates(o.Options); err != nil {
		return err
	}
	if !o.Internal && (b.mode4 == modeIsolated || b.mode6 == modeIsolated) {
		return errs.New(errs.Invalid, "network %s: a gateway of mode isolated needs --internal", o.Name)
	}
	return nil
}

// plan completes the record of a new network.
func (b bridgeOptions) plan(m *Manager, n *record.Network) {
	n.Bridge = b.link
	if n.Bridge == "" {
		n.Bridge = m.bridgeName(n.Name, n.ID)
	}
	for i, s := range n.Subnets {
		if p, err := netip.ParsePrefix(s.Subnet); err == nil && b.mode(p) == modeIsolated {
			n.Subnets[i].Gateway = ""
		}
	}
}
