package spec

import (
	"reflect"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestMergeHealth(t *testing.T) {
	img := &record.Health{Test: []string{"img"}, Shell: true, Interval: time.Second, Timeout: 2 * time.Second, Retries: 5}
	for name, tc := range map[string]struct {
		img, own *record.Health
		none     bool
		want     *record.Health
	}{
		"none anywhere": {},
		"the image's":   {img: img, want: img},
		"refused":       {img: img, own: &record.Health{Test: []string{"x"}}, none: true},
		"own":           {own: &record.Health{Test: []string{"own"}, Retries: 1}, want: &record.Health{Test: []string{"own"}, Retries: 1}},
		"own command":   {img: img, own: &record.Health{Test: []string{"own"}}, want: &record.Health{Test: []string{"own"}, Interval: time.Second, Timeout: 2 * time.Second, Retries: 5}},
		"own times":     {img: img, own: &record.Health{Interval: time.Hour, OnFailure: "kill"}, want: &record.Health{Test: []string{"img"}, Shell: true, Interval: time.Hour, Timeout: 2 * time.Second, Retries: 5, OnFailure: "kill"}},
	} {
		got, err := MergeHealth(tc.img, tc.own, tc.none)
		if err != nil || !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := MergeHealth(nil, &record.Health{Retries: 3}, false); !errs.Is(err, errs.Invalid) {
		t.Errorf("no command: %v", err)
	}
}
