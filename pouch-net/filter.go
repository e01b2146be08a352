package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/network"
	"github.com/pouchcontainer/pouch/pkg/record"
)

type condition = func(*record.Network) bool

func filterFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "filter", Aliases: []string{"f"}, Usage: "only networks for which `KEY=VALUE` holds: driver, id, label, name, scope, type; of one key any, of different keys all"}
}

// filters makes one condition of --filter: values of one key are alternatives,
// different keys must all hold. An unknown key is an error of kind invalid.
func filters(list []string) (condition, error) {
	byKey := map[string][]condition{}
	for _, f := range list {
		k, v, _ := strings.Cut(f, "=")
		is := filter(k, v)
		if is == nil {
			return nil, errs.New(errs.Invalid, "invalid filter '%s'", k)
		}
		byKey[k] = append(byKey[k], is)
	}
	return func(n *record.Network) bool {
		for _, any := range byKey {
			if !slices.ContainsFunc(any, func(is condition) bool { return is(n) }) {
				return false
			}
		}
		return true
	}, nil
}

func filter(key, want string) condition {
	switch key {
	case "name":
		return func(n *record.Network) bool { return strings.Contains(n.Name, want) }
	case "id":
		return func(n *record.Network) bool { return strings.HasPrefix(n.ID, want) }
	case "driver":
		return func(n *record.Network) bool { return n.Driver == want }
	case "scope":
		return func(*record.Network) bool { return want == "local" }
	case "type":
		return func(n *record.Network) bool { return kindOf(n) == want }
	case "label":
		k, value, valued := strings.Cut(want, "=")
		return func(n *record.Network) bool {
			got, ok := n.Labels[k]
			return ok && (!valued || got == value)
		}
	}
	return nil
}

// kindOf is what the filter type knows a network as: builtin, custom, or cni for
// those that are not Pouch's to make and to remove.
func kindOf(n *record.Network) string {
	switch {
	case n.Name == network.Default:
		return "builtin"
	case n.Driver == "cni":
		return "cni"
	}
	return "custom"
}
