package network

import (
	"maps"
	"net/netip"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/netdev"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Options of networks of every driver, podman's names.
const (
	OptNoDefaultRoute = "no_default_route"
	OptMetric         = "metric"
)

// canonicalOptions writes podman's name of an option as docker's.
func canonicalOptions(options map[string]string) map[string]string {
	v, given := options["mtu"]
	if !given {
		return options
	}
	out := map[string]string{}
	maps.Copy(out, options)
	delete(out, "mtu")
	out[OptMTU] = v
	return out
}

// checkRouting checks what options and servers of names a network of any driver
// may have.
func checkRouting(o CreateOpts) error {
	if _, _, err := routing(o.Options); err != nil {
		return err
	}
	for _, s := range o.DNS {
		if _, err := netip.ParseAddr(s); err != nil {
			return errs.New(errs.Invalid, "--dns %s: not an address", s)
		}
	}
	return nil
}

// routing tells whether members get a default route, and with which metric (0:
// the kernel's).
func routing(options map[string]string) (defaultRoute bool, metric int, err error) {
	none, err := boolean(options, OptNoDefaultRoute, false)
	if err != nil {
		return false, 0, err
	}
	if v, given := options[OptMetric]; given {
		n, err := strconv.ParseUint(v, 10, 31)
		if err != nil {
			return false, 0, errs.New(errs.Invalid, "%s=%s: not the metric of a route", OptMetric, v)
		}
		metric = int(n)
	}
	return !none, metric, nil
}

func boolean(options map[string]string, key string, unset bool) (bool, error) {
	v, given := options[key]
	if !given {
		return unset, nil
	}
	b, err := strconv.ParseBool(v)
	if err != nil {
		return false, errs.New(errs.Invalid, "%s=%s: true or false", key, v)
	}
	return b, nil
}

// staticRoutes reads --route DESTINATION,GATEWAY[,METRIC] of a network.
func staticRoutes(list []string, subs []netip.Prefix) ([]record.Route, error) {
	var out []record.Route
	for _, s := range list {
		r, err := staticRoute(s, subs)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func staticRoute(s string, subs []netip.Prefix) (record.Route, error) {
	f := strings.Split(s, ",")
	bad := func(why string) error {
		return errs.New(errs.Invalid, "--route %s: %s: DESTINATION,GATEWAY[,METRIC]", s, why)
	}
	if len(f) < 2 || len(f) > 3 {
		return record.Route{}, bad("not a route")
	}
	to, err := netip.ParsePrefix(f[0])
	if err != nil {
		return record.Route{}, bad("the destination is not in CIDR form")
	}
	by, err := netip.ParseAddr(f[1])
	if err != nil || by.Is4() != to.Addr().Is4() || containing(subs, by) < 0 {
		return record.Route{}, bad("the gateway is not an address of one of the subnets")
	}
	r := record.Route{Destination: to.Masked().String(), Gateway: by.String()}
	if len(f) == 3 {
		n, err := strconv.ParseUint(f[2], 10, 31)
		if err != nil {
			return r, bad("not a metric")
		}
		r.Metric = int(n)
	}
	return r, nil
}

// routesOf are the routes of a network's members beside the default one.
func routesOf(n *record.Network) ([]netdev.Route, error) {
	var out []netdev.Route
	for _, r := range n.Routes {
		to, err := netip.ParsePrefix(r.Destination)
		if err != nil {
			return nil, errs.New(errs.Corrupt, "network %s: %w", n.Name, err)
		}
		by, err := netip.ParseAddr(r.Gateway)
		if err != nil {
			return nil, errs.New(errs.Corrupt, "network %s: %w", n.Name, err)
		}
		out = append(out, netdev.Route{Destination: to, Gateway: by, Metric: r.Metric})
	}
	return out, nil
}
