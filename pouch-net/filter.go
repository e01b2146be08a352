package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/network"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

type condition = func(*record.Network) bool

func filterFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "filter", Aliases: []string{"f"}, Usage: "only networks for which `KEY=VALUE` holds: " + filterKeys + "; of one key any, of labels and different keys all"}
}

const filterKeys = "dangling, driver, id, label, label!, name, scope, type, until"

// filters makes one condition of --filter: values of one key are alternatives,
// labels and different keys must all hold. An unknown key is an error of kind invalid.
func filters(m *network.Manager, list []string) (condition, error) {
	byKey := map[string][]condition{}
	for _, f := range list {
		k, v, _ := strings.Cut(f, "=")
		is, err := filter(m, k, v)
		if err != nil {
			return nil, err
		}
		byKey[k] = append(byKey[k], is)
	}
	return func(n *record.Network) bool {
		for key, all := range byKey {
			if !parse.Fits(key, all, func(is condition) bool { return is(n) }) {
				return false
			}
		}
		return true
	}, nil
}

func filter(m *network.Manager, key, want string) (condition, error) {
	switch key {
	case "name":
		return func(n *record.Network) bool { return strings.Contains(n.Name, want) }, nil
	case "id":
		return func(n *record.Network) bool { return strings.HasPrefix(n.ID, want) }, nil
	case "driver":
		return func(n *record.Network) bool { return n.Driver == want }, nil
	case "scope":
		return func(*record.Network) bool { return want == "local" }, nil
	case "type":
		return func(n *record.Network) bool { return kindOf(n) == want }, nil
	case "label":
		return func(n *record.Network) bool { return labelled(n, want) }, nil
	case "label!":
		return func(n *record.Network) bool { return !labelled(n, want) }, nil
	case "until":
		return olderThan(want)
	case "dangling":
		return dangling(m, want)
	}
	return nil, errs.New(errs.Invalid, "invalid filter '%s': one of %s", key, filterKeys)
}

// labelled reports whether n has the label KEY, or KEY=VALUE.
func labelled(n *record.Network, want string) bool {
	k, value, valued := strings.Cut(want, "=")
	got, ok := n.Labels[k]
	return ok && (!valued || got == value)
}

func olderThan(want string) (condition, error) {
	at, err := parse.Time(want, time.Now())
	if err != nil || want == "" {
		return nil, errs.New(errs.Invalid, "invalid filter 'until=%s': a time such as 2006-01-02T15:04:05Z, or how long ago, as 24h", want)
	}
	return func(n *record.Network) bool { return n.Created.Before(at) }, nil
}

// dangling networks are those that prune would remove.
func dangling(m *network.Manager, want string) (condition, error) {
	yes, err := strconv.ParseBool(want)
	if err != nil {
		return nil, errs.New(errs.Invalid, "invalid filter 'dangling=%s': true or false", want)
	}
	used, err := m.Used()
	if err != nil {
		return nil, err
	}
	return func(n *record.Network) bool { return (kindOf(n) == "custom" && !used[n.Name]) == yes }, nil
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
