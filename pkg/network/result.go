package network

import (
	"slices"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// ResultVersion is that of the CNI specification whose result Result is.
const ResultVersion = "1.1.0"

// Result is what an attachment has made, as the result of an ADD (CNI specification
// 1.1.0, section 5), with what Pouch calls it.
type Result struct {
	CNIVersion string            `json:"cniVersion"`
	Interfaces []ResultInterface `json:"interfaces"`
	IPs        []ResultIP        `json:"ips"`
	Routes     []ResultRoute     `json:"routes"`
	DNS        record.DNS        `json:"dns"`
	Pouch      record.Joined     `json:"pouch"`
}

// ResultInterface is a link: on the host, or in a sandbox.
type ResultInterface struct {
	Name    string `json:"name"`
	MAC     string `json:"mac,omitempty"`
	Sandbox string `json:"sandbox,omitempty"` // path of the network namespace
}

// ResultIP is an address of an interface, an index into Interfaces.
type ResultIP struct {
	Interface int    `json:"interface"`
	Address   string `json:"address"` // CIDR
	Gateway   string `json:"gateway,omitempty"`
}

// ResultRoute is a route inside.
type ResultRoute struct {
	Dst     string `json:"dst"`
	Gateway string `json:"gw"`
}

// NewResult tells what Attach has made in the network namespace at path netns.
func NewResult(j record.Joined, netns string) Result {
	r := Result{CNIVersion: ResultVersion, IPs: []ResultIP{}, Routes: []ResultRoute{}, Pouch: j}
	if j.HostLink != "" {
		r.Interfaces = append(r.Interfaces, ResultInterface{Name: j.HostLink})
	}
	inside := len(r.Interfaces)
	r.Interfaces = append(r.Interfaces, ResultInterface{Name: j.Iface, MAC: j.MAC, Sandbox: netns})
	for _, a := range []struct{ address, gateway, all string }{
		{j.IPv4, j.Gateway, "0.0.0.0/0"}, {j.IPv6, j.Gateway6, "::/0"},
	} {
		if a.address == "" {
			continue
		}
		r.IPs = append(r.IPs, ResultIP{inside, a.address, a.gateway})
		if a.gateway != "" {
			r.Routes = append(r.Routes, ResultRoute{a.all, a.gateway})
		}
	}
	if j.DNS != nil {
		r.DNS = record.DNS{Nameservers: slices.Clone(j.DNS.Nameservers), Search: j.DNS.Search, Options: j.DNS.Options}
	}
	return r
}
