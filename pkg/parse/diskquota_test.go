package parse

import (
	"reflect"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestDiskQuotas(t *testing.T) {
	const m = 1 << 20
	for _, c := range []struct {
		in   []string
		want []record.DiskQuota
	}{
		{nil, nil},
		{[]string{"10m"}, []record.DiskQuota{{Size: 10 * m}}},
		{[]string{"10MB"}, []record.DiskQuota{{Size: 10 * m}}},
		{[]string{"/=10m"}, []record.DiskQuota{{Paths: []string{"/"}, Size: 10 * m}}},
		{[]string{"/abc=10m"}, []record.DiskQuota{{Paths: []string{"/abc"}, Size: 10 * m}}},
		{[]string{"/a.b/=10m"}, []record.DiskQuota{{Paths: []string{"/a.b"}, Size: 10 * m}}},
		{[]string{"/a=b=10m"}, []record.DiskQuota{{Paths: []string{"/a=b"}, Size: 10 * m}}},
		{[]string{"/&/abc=10m"}, []record.DiskQuota{{Paths: []string{"/", "/abc"}, Size: 10 * m}}},
		{[]string{".*=10m"}, []record.DiskQuota{{Paths: []string{".*"}, Size: 10 * m}}},
		{[]string{"/=10m,/a=1m;/b=2m", "/c.*=3m"}, []record.DiskQuota{
			{Paths: []string{"/"}, Size: 10 * m}, {Paths: []string{"/a"}, Size: m}, {Paths: []string{"/b"}, Size: 2 * m}, {Paths: []string{"/c.*"}, Size: 3 * m},
		}},
	} {
		if got, err := DiskQuotas(c.in); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: %+v, %v", c.in, got, err)
		}
	}
	for _, in := range []string{
		"", ",", "=10m", "/a=", "/a", "0", "/=0", "-1", "10x", "/a&=1m", "&=1m", "/a&.*=1m", "([=1m", "10m,/a=1m", "/a=1m,/a=2m", "/a=1m,/a/=2m",
		"/a\x00=1m", "/" + strings.Repeat("a", 5000) + "=1m", "99999999999g",
	} {
		if got, err := DiskQuotas([]string{in}); err == nil {
			t.Errorf("%.50q: %+v", in, got)
		}
	}
}

func TestQuotaID(t *testing.T) {
	for in, want := range map[string]int64{"": 0, "0": 0, "-1": -1, "-7": -1, "16777216": 1 << 24, "4294967294": 1<<32 - 2} {
		if got, err := QuotaID(in); got != want || err != nil {
			t.Errorf("%q: %d, %v", in, got, err)
		}
	}
	for _, in := range []string{"1", "16777215", "4294967295", "x", "1e9", " 0"} {
		if got, err := QuotaID(in); err == nil {
			t.Errorf("%q: %d", in, got)
		}
	}
}

func TestStorageOpt(t *testing.T) {
	if got, err := StorageOpt("size=1G"); err != nil || !reflect.DeepEqual(got, record.DiskQuota{Paths: []string{"/"}, Size: 1 << 30}) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, in := range []string{"", "size", "size=", "size=0", "dm.size=1g", "size=x=1g"} {
		if got, err := StorageOpt(in); err == nil {
			t.Errorf("%q: %+v", in, got)
		}
	}
}
