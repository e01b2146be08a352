package image

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
)

// Filter keeps the entries that every key of filters (reference=PATTERN,
// label=KEY[=VALUE], dangling=BOOL) accepts with one of its values. Another key
// gives kind invalid.
func Filter(in []Entry, filters []string) ([]Entry, error) {
	byKey := map[string][]string{}
	for _, f := range filters {
		k, v, ok := strings.Cut(f, "=")
		if !ok {
			return nil, errs.New(errs.Invalid, "invalid filter %q: give KEY=VALUE", f)
		}
		if !slices.Contains([]string{"reference", "label", "dangling"}, k) {
			return nil, errs.New(errs.Invalid, "invalid filter '%s'", k)
		}
		byKey[k] = append(byKey[k], v)
	}
	var out []Entry
	for _, e := range in {
		ok, err := accepted(e, byKey)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, e)
		}
	}
	return out, nil
}

func accepted(e Entry, byKey map[string][]string) (bool, error) {
	for k, values := range byKey {
		one := false
		for _, v := range values {
			ok, err := matches(e, k, v)
			if err != nil {
				return false, err
			}
			one = one || ok
		}
		if !one {
			return false, nil
		}
	}
	return true, nil
}

func matches(e Entry, key, value string) (bool, error) {
	switch key {
	case "reference":
		if e.Repository == "" {
			return false, nil
		}
		return imageref.Match(value, e.Name)
	case "label":
		k, want, given := strings.Cut(value, "=")
		got, ok := e.Labels[k]
		return ok && (!given || got == want), nil
	}
	want, err := strconv.ParseBool(value)
	if err != nil {
		return false, errs.New(errs.Invalid, "invalid filter 'dangling=%s': true or false", value)
	}
	return want == (e.Repository == ""), nil
}

// OfRepository keeps the entries of one repository, or of one reference when it
// has a tag or a digest.
func OfRepository(in []Entry, ref string) []Entry {
	p, err := imageref.Split(ref)
	if err != nil {
		return nil
	}
	whole := !strings.Contains(ref, "@") && !strings.Contains(ref[strings.LastIndex(ref, "/")+1:], ":")
	var out []Entry
	for _, e := range in {
		if e.Repository == p.Repository && (whole || e.Tag == p.Tag && (p.Digest == "" || e.Digest.String() == p.Digest)) {
			out = append(out, e)
		}
	}
	return out
}
