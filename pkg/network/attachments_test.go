package network

import (
	"reflect"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestAttachments(t *testing.T) {
	r := newRig(t)
	r.network("n1", CreateOpts{Subnets: []string{"10.77.0.0/24"}})
	r.network("n2", CreateOpts{Subnets: []string{"10.78.0.0/24"}})
	id := r.container("aa")
	o := r.opts(id, "aa", "n1")
	o.Ports = []record.Port{{HostIP: "127.0.0.1", HostPort: 4711, ContainerPort: 80, Protocol: "tcp"}}
	first := must(r.Attach(t.Context(), o))(t)
	second := r.opts(id, "aa", "n2")
	second.Iface = "eth1"
	other := must(r.Attach(t.Context(), second))(t)

	all := must(r.Attachments())(t)
	a := all[id]
	if len(all) != 1 || len(a.Networks) != 2 || a.Networks[0].IPv4 != first.IPv4 || a.Networks[1].IPv4 != other.IPv4 {
		t.Errorf("%+v", all)
	}
	if !reflect.DeepEqual(a.Ports, o.Ports) {
		t.Errorf("ports %+v", a.Ports)
	}
	if err := r.DetachAll(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if left := must(r.Attachments())(t); len(left) != 0 {
		t.Errorf("after detach: %+v", left)
	}
}
