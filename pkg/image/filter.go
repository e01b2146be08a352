package image

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/imageref"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

// Filter keeps the entries that every key of filters (reference=PATTERN,
// label=KEY[=VALUE], dangling=BOOL; before=IMAGE and since=IMAGE by when they were
// made, until=TIME) accepts with one of its values. Another key gives kind invalid, an
// image that is not among them not_found.
func Filter(in []Entry, filters []string) ([]Entry, error) {
	byKey, keys := map[string][]string{}, []string{"reference", "label", "dangling", "before", "since", "until"}
	for _, f := range filters {
		k, v, ok := strings.Cut(f, "=")
		if !ok {
			return nil, errs.New(errs.Invalid, "invalid filter %q: give KEY=VALUE", f)
		}
		if !slices.Contains(keys, k) {
			return nil, errs.New(errs.Invalid, "invalid filter '%s': one of %s", k, strings.Join(keys, ", "))
		}
		if k == "until" {
			if _, err := parse.Time(v, time.Now()); err != nil {
				return nil, err
			}
		}
		byKey[k] = append(byKey[k], v)
	}
	var out []Entry
	for _, e := range in {
		ok, err := accepted(in, e, byKey)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, e)
		}
	}
	return out, nil
}

func accepted(all []Entry, e Entry, byKey map[string][]string) (bool, error) {
	for k, values := range byKey {
		var fits []bool
		for _, v := range values {
			ok, err := matches(all, e, k, v)
			if err != nil {
				return false, err
			}
			fits = append(fits, ok)
		}
		if !parse.Fits(k, fits, func(ok bool) bool { return ok }) {
			return false, nil
		}
	}
	return true, nil
}

func matches(all []Entry, e Entry, key, value string) (bool, error) {
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
	case "until":
		t, err := parse.Time(value, time.Now())
		return e.Created.Before(t), err
	case "before", "since":
		other, err := among(all, value)
		if err != nil {
			return false, err
		}
		if key == "before" {
			return e.Created.Before(other.Created), nil
		}
		return e.Created.After(other.Created), nil
	}
	want, err := strconv.ParseBool(value)
	if err != nil {
		return false, errs.New(errs.Invalid, "invalid filter 'dangling=%s': true or false", value)
	}
	return want == (e.Repository == ""), nil
}

// among finds the image that target names, by a reference, or the beginning of an id.
func among(all []Entry, target string) (Entry, error) {
	full, err := imageref.Normalize(target)
	for _, e := range all {
		if err == nil && e.Name == full {
			return e, nil
		}
	}
	for _, e := range all {
		if hex := strings.TrimPrefix(target, "sha256:"); hex != "" && strings.HasPrefix(strings.TrimPrefix(e.ID.String(), "sha256:"), hex) {
			return e, nil
		}
	}
	return Entry{}, errs.New(errs.NotFound, "no such image: %s", target)
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
