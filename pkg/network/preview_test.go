package network

import (
	"fmt"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestPreview(t *testing.T) {
	r := newRig(t)
	r.network("n1", CreateOpts{Subnets: []string{"10.77.0.0/24", "fd00:77::/64"}, IPv6: true})
	port := record.Port{HostIP: "127.0.0.2", HostPort: 8080, ContainerPort: 80, Protocol: "tcp"}
	open := record.Port{HostPort: 8081, ContainerPort: 81, Protocol: "udp"}
	o := r.opts(r.container("aa"), "aa", "n1", port, open)
	o.Iface = "eth0"
	p := must(r.Preview(o))(t)
	if got := must(r.attachedTo(o.Container))(t); len(got) != 0 {
		t.Fatalf("the preview has joined %+v", got)
	}
	if len(p.Rules.Ports) != 2 { // of udp, for each family; a loopback address needs none
		t.Errorf("rules %+v", p.Rules.Ports)
	}
	j := must(r.Attach(t.Context(), o))(t)
	if fmt.Sprint(j) != fmt.Sprint(p.Joined) || p.Made {
		t.Errorf("joined  %+v\npreview %+v", j, p.Joined)
	}
	if again := must(r.Preview(o))(t); again.Joined.IPv4 != j.IPv4 {
		t.Errorf("of the same container: %+v", again.Joined)
	}
	o = r.opts(idOf("bb"), "bb", "n1")
	o.Iface = "eth0"
	o.Join.IPv4 = ip(j.IPv4)
	if _, err := r.Preview(o); !errs.Is(err, errs.Conflict) {
		t.Errorf("an address that is taken: %v", err)
	}
	o.Join.Network = "nosuch"
	if _, err := r.Preview(o); !errs.Is(err, errs.NotFound) {
		t.Errorf("a network that is not there: %v", err)
	}
}

func TestPreviewOfTheDefaultNetwork(t *testing.T) {
	r := newRig(t)
	o := r.opts(idOf("aa"), "aa", "bridge")
	o.Iface = "eth0"
	p := must(r.Preview(o))(t)
	if !p.Made || p.Joined.IPv4 == "" || p.Joined.Gateway == "" {
		t.Errorf("%+v", p)
	}
	if _, err := r.Inspect(Default); !errs.Is(err, errs.NotFound) {
		t.Errorf("the preview has made the network: %v", err)
	}
}
