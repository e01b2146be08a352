package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/volume"
)

func filterFlag(aliases ...string) cli.Flag {
	return &cli.StringSliceFlag{Name: "filter", Aliases: aliases, Usage: "only volumes for which `KEY=VALUE` holds: " + filterKeys + "; of one key any, of labels and different keys all"}
}

const filterKeys = "anonymous, dangling, driver, label, label!, name, opt, scope, since, until"

// filters makes one condition of --filter: values of one key are alternatives,
// labels and different keys must all hold. An unknown key is an error of kind invalid.
func filters(m *volume.Manager, list []string) (func(*volume.Info) bool, error) {
	byKey := map[string][]func(*volume.Info) bool{}
	for _, f := range list {
		k, val, _ := strings.Cut(f, "=") // label!=x has the key label!
		k = strings.ToLower(strings.TrimSpace(k))
		is, err := filter(m, k, strings.TrimSpace(val))
		if err != nil {
			return nil, err
		}
		byKey[k] = append(byKey[k], is)
	}
	return func(v *volume.Info) bool {
		for key, conditions := range byKey {
			if !parse.Fits(key, conditions, func(is func(*volume.Info) bool) bool { return is(v) }) {
				return false
			}
		}
		return true
	}, nil
}

func filter(m *volume.Manager, key, val string) (func(*volume.Info) bool, error) {
	switch key {
	case "driver":
		return func(v *volume.Info) bool { return v.Driver == val }, nil
	case "name":
		return func(v *volume.Info) bool { return strings.Contains(v.Name, val) }, nil
	case "scope":
		return func(v *volume.Info) bool { return v.Scope == val }, nil
	case "label":
		return func(v *volume.Info) bool { return holds(v.Labels, val) }, nil
	case "label!":
		return func(v *volume.Info) bool { return !holds(v.Labels, val) }, nil
	case "opt":
		return func(v *volume.Info) bool { return holds(v.Options, val) }, nil
	case "since", "after", "until":
		return byTime(m, key, val)
	case "dangling", "anonymous":
		return byTruth(m, key, val)
	}
	return nil, errs.New(errs.Invalid, "invalid filter '%s': one of %s", key, filterKeys)
}

// byTruth knows the keys whose value is true or false.
func byTruth(m *volume.Manager, key, val string) (func(*volume.Info) bool, error) {
	want, err := strconv.ParseBool(val)
	if err != nil {
		return nil, errs.New(errs.Invalid, "invalid filter '%s=%s': true or false", key, val)
	}
	if key == "anonymous" {
		return func(v *volume.Info) bool { return v.Anonymous == want }, nil
	}
	users, err := m.AllUsers()
	return func(v *volume.Info) bool { return (len(users[v.Name]) == 0) == want }, err
}

// byTime compares with a point in time; since takes that of a volume too, as
// podman's does.
func byTime(m *volume.Manager, key, val string) (func(*volume.Info) bool, error) {
	if key != "until" {
		if v, err := m.Inspect(val); err == nil {
			return func(o *volume.Info) bool { return o.CreatedAt.After(v.CreatedAt.Time) }, nil
		}
	}
	at, err := parse.Time(val, time.Now())
	if err != nil || val == "" {
		return nil, errs.New(errs.Invalid, "invalid filter '%s=%s': a time such as 2006-01-02T15:04:05Z, or how long ago, as 24h", key, val)
	}
	return func(v *volume.Info) bool { return v.CreatedAt.Before(at) == (key == "until") }, nil
}

// holds reports whether m has the KEY, or KEY=VALUE, of want.
func holds(m map[string]string, want string) bool {
	k, value, valued := strings.Cut(want, "=")
	got, ok := m[k]
	return ok && (!valued || got == value)
}
