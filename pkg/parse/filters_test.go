package parse

import (
	"reflect"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

func TestFilters(t *testing.T) {
	got, err := Filters([]string{"Status = running", "label=a=b", "label=c"})
	want := map[string][]string{"status": {"running"}, "label": {"a=b", "c"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := Filters([]string{"status"}); !errs.Is(err, errs.Invalid) {
		t.Errorf("a word without a value: %v", err)
	}
}
