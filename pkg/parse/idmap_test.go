package parse

import (
	"reflect"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestIDMaps(t *testing.T) {
	got, err := IDMaps("0:1000:10,10:5:1,11:6")
	want := []record.IDMap{{Container: 0, Host: 1000, Size: 10}, {Container: 10, Host: 5, Size: 1}, {Container: 11, Host: 6, Size: 1}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "0", "0:x:1", "0:1:0", "0:1:5,3:100:5", "0:1:5,10:3:5", "5:100:10", "0:4294967290:10", "0:-1:1", "0:1:2:3"} {
		if got, err := IDMaps(bad); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v, %v", bad, got, err)
		}
	}
}

func TestUserns(t *testing.T) {
	for _, good := range []string{"host", "auto", "auto:size=1000", "keep-id", "keep-id:uid=5,gid=7", "container:web", "0:100000:65536"} {
		if got, err := Userns(good); got != good || err != nil {
			t.Errorf("%q: %q, %v", good, got, err)
		}
	}
	for _, bad := range []string{"nomap", "auto:x=1", "keep-id:uid=x", "container:", "ns:/run/ns", "1:0:5", "web"} {
		if got, err := Userns(bad); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %q, %v", bad, got, err)
		}
	}
}

func TestNamespace(t *testing.T) {
	for in, want := range map[string]string{"host": "host", "container:web": "container:web", "ns:/run/../x": "ns:/x"} {
		if got, err := Namespace("pid", in, "host", "private"); got != want || err != nil {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, bad := range []string{"", "web", "container:", "container:a/b", "ns:x", "ns:", "private:x"} {
		if got, err := Namespace("pid", bad, "host", "private"); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %q, %v", bad, got, err)
		}
	}
}
