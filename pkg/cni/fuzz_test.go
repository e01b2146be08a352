package cni

import (
	"testing"

	"github.com/containernetworking/cni/pkg/types/create"
)

// FuzzResult: whatever a plugin answers, it is refused, or what it means can be written
// down: addresses that are some.
func FuzzResult(f *testing.F) {
	f.Add([]byte(`{"cniVersion":"1.0.0","interfaces":[{"name":"eth0","sandbox":"/x"}],"ips":[{"interface":0,"address":"10.1.2.3/24","gateway":"10.1.2.1"}]}`))
	f.Add([]byte(`{"cniVersion":"1.0.0","interfaces":[null],"ips":[null]}`))
	f.Add([]byte(`{"cniVersion":"1.0.0","ips":[{"address":"::ffff:1.2.3.4/120"}]}`))
	f.Add([]byte(`{"cniVersion":"0.2.0","ip4":{"ip":"10.1.2.3/24"},"dns":{"nameservers":["x"]}}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		r, err := create.CreateFromBytes(answer)
		if err != nil {
			return
		}
		got, err := newResult(r, "eth0")
		if err != nil {
			return
		}
		for _, a := range got.Addresses {
			if !a.Prefix.IsValid() || a.Gateway.IsValid() && a.Gateway.Is4() != a.Prefix.Addr().Is4() {
				t.Errorf("%+v of %s", a, answer)
			}
		}
	})
}
