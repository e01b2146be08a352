package main

import (
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/volume"
)

func filterFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "filter", Usage: "only volumes for which `KEY=VALUE` holds: dangling, driver, label, name; of one key any, of different keys all"}
}

// filters makes one condition of --filter: values of one key are alternatives,
// different keys must all hold. An unknown key is an error of kind invalid.
func filters(m *volume.Manager, list []string) (func(*volume.Info) bool, error) {
	byKey := map[string][]func(*volume.Info) bool{}
	for _, f := range list {
		k, val, _ := strings.Cut(f, "=")
		is, err := filter(m, strings.ToLower(strings.TrimSpace(k)), strings.TrimSpace(val))
		if err != nil {
			return nil, err
		}
		byKey[k] = append(byKey[k], is)
	}
	return func(v *volume.Info) bool {
		for _, alternatives := range byKey {
			if !anyOf(alternatives, v) {
				return false
			}
		}
		return true
	}, nil
}

func anyOf(conditions []func(*volume.Info) bool, v *volume.Info) bool {
	for _, is := range conditions {
		if is(v) {
			return true
		}
	}
	return false
}

func filter(m *volume.Manager, key, val string) (func(*volume.Info) bool, error) {
	switch key {
	case "driver":
		return func(v *volume.Info) bool { return v.Driver == val }, nil
	case "name":
		return func(v *volume.Info) bool { return strings.Contains(v.Name, val) }, nil
	case "label":
		return hasLabel(val), nil
	case "dangling":
		want, err := strconv.ParseBool(val)
		if err != nil {
			return nil, errs.New(errs.Invalid, "invalid filter 'dangling=%s': true or false", val)
		}
		users, err := m.AllUsers()
		return func(v *volume.Info) bool { return (len(users[v.Name]) == 0) == want }, err
	}
	return nil, errs.New(errs.Invalid, "invalid filter '%s'", key)
}

func hasLabel(label string) func(*volume.Info) bool {
	k, want, valued := strings.Cut(label, "=")
	return func(v *volume.Info) bool {
		got, ok := v.Labels[k]
		return ok && (!valued || got == want)
	}
}
