package spec

import (
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// MergeHealth is the health check of a container: own, what the caller says,
// over img, what the image says; nil for none. A field of own that is zero is
// the image's, and so is its command when it has none. none asks for no check at
// all. Words about a check without a command are of kind invalid.
func MergeHealth(img, own *record.Health, none bool) (*record.Health, error) {
	switch {
	case none:
		return nil, nil
	case own == nil:
		return img, nil
	}
	h := *own
	if img != nil {
		if len(h.Test) == 0 {
			h.Test, h.Shell = img.Test, img.Shell
		}
		h.Interval = orImage(h.Interval, img.Interval)
		h.Timeout = orImage(h.Timeout, img.Timeout)
		h.StartPeriod = orImage(h.StartPeriod, img.StartPeriod)
		h.StartInterval = orImage(h.StartInterval, img.StartInterval)
		h.Retries = orImage(h.Retries, img.Retries)
	}
	if len(h.Test) == 0 {
		return nil, errs.New(errs.Invalid, "a health check without a command: the image has none; give --health-cmd")
	}
	return &h, nil
}

func orImage[T comparable](own, img T) T {
	var zero T
	if own == zero {
		return img
	}
	return own
}
