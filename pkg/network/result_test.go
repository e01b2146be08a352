package network

import (
	"encoding/json"
	"testing"

	types100 "github.com/containernetworking/cni/pkg/types/100"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// The CNI project's own library reads what attach prints.
func TestResultIsOneOfCNI(t *testing.T) {
	j := record.Joined{
		Network: "n1", ID: idOf("n1"), Iface: "eth1", HostLink: "pv1", MAC: "02:00:00:00:00:01",
		IPv4: "10.1.1.2/24", Gateway: "10.1.1.1", IPv6: "fd00::2/64", Gateway6: "fd00::1",
		DNS: &record.DNS{Nameservers: []string{"10.1.1.1"}, Search: []string{"test"}},
	}
	b, err := json.Marshal(NewResult(j, "/run/netns/x"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := types100.NewResult(b)
	if err != nil {
		t.Fatal(err)
	}
	r := got.(*types100.Result)
	if r.CNIVersion != "1.1.0" || len(r.Interfaces) != 2 || r.Interfaces[1].Sandbox != "/run/netns/x" || r.Interfaces[1].Mac != j.MAC || r.Interfaces[0].Name != "pv1" {
		t.Errorf("%s", b)
	}
	if len(r.IPs) != 2 || *r.IPs[0].Interface != 1 || r.IPs[1].Address.String() != j.IPv6 || r.IPs[0].Gateway.String() != j.Gateway {
		t.Errorf("addresses: %s", b)
	}
	if len(r.Routes) != 2 || r.Routes[1].Dst.String() != "::/0" || r.Routes[1].GW.String() != j.Gateway6 || r.DNS.Nameservers[0] != "10.1.1.1" || r.DNS.Search[0] != "test" {
		t.Errorf("routes and names: %s", b)
	}
	var more struct{ Pouch record.Joined }
	if err := json.Unmarshal(b, &more); err != nil || more.Pouch.ID != j.ID || more.Pouch.Network != "n1" {
		t.Errorf("%s %v", b, err)
	}

	// Without another end on the host, and without gateway.
	b, err = json.Marshal(NewResult(record.Joined{Iface: "eth0", IPv4: "10.1.1.2/24"}, "/x"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err = types100.NewResult(b); err != nil {
		t.Fatal(err)
	}
	if r := got.(*types100.Result); len(r.Interfaces) != 1 || *r.IPs[0].Interface != 0 || r.IPs[0].Gateway != nil || len(r.Routes) != 0 {
		t.Errorf("%s", b)
	}
}
