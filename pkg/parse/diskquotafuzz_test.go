package parse

import (
	"testing"

	"github.com/pouchcontainer/pouch/pkg/record"
)

func FuzzDiskQuotas(f *testing.F) {
	read := func(s string) ([]record.DiskQuota, error) { return DiskQuotas([]string{s}) }
	fuzz(f, read, func(t *testing.T, in string, v []record.DiskQuota) {
		if len(v) == 0 {
			t.Fatalf("%q is accepted as nothing", in)
		}
		for _, q := range v {
			if q.Size < 1 || len(q.Paths) == 0 && len(v) > 1 {
				t.Fatalf("%q is %+v", in, v)
			}
		}
	}, "10m", "/=10m", "/&/a=10m", ".*=1g", "/a=1m,/b=2m;/c.*=3m", "([=1m")
}

func FuzzQuotaID(f *testing.F) {
	fuzz(f, QuotaID, func(t *testing.T, in string, v int64) {
		if v != 0 && v != -1 && (v < record.MinQuotaID || v > 1<<32-2) {
			t.Fatalf("%q is %d", in, v)
		}
	}, "-1", "16777216", "4294967295")
}
