package main

import (
	"cmp"
	"context"
	"encoding/json"
	"net/netip"
	"os"
	"os/signal"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/cni"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/network"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// pluginName is the name under which this program is a CNI plugin.
const pluginName = "pouch"

// plugin is this program as a CNI plugin: who calls it is a kubelet's runtime or
// another that speaks CNI. It returns the exit code.
func plugin() int {
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM)
	defer stop()
	return cni.Serve(backend{ctx}, "pouch "+cmd.Version+": networks of Pouch")
}

type backend struct{ ctx context.Context }

func (backend) open(r *cni.Request) (*network.Manager, error) {
	root := cmp.Or(r.Root, os.Getenv("POUCH_ROOT"), store.DefaultRoot)
	run := cmp.Or(r.RunRoot, os.Getenv("POUCH_RUN_ROOT"), store.DefaultRunRoot)
	s, err := store.Open(root, run)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(r.Network, "cni:") {
		return nil, errs.New(errs.Invalid, "network %s: a plugin does not call plugins: name a network of Pouch", r.Network)
	}
	return network.Open(s), nil
}

func (b backend) Add(r *cni.Request) ([]byte, error) {
	m, err := b.open(r)
	if err != nil {
		return nil, err
	}
	o, err := attachOpts(r)
	if err != nil {
		return nil, err
	}
	j, err := m.AttachCNI(b.ctx, o)
	if err != nil {
		return nil, err
	}
	return json.Marshal(network.NewResult(j, r.Netns))
}

func (b backend) Del(r *cni.Request) error {
	m, err := b.open(r)
	if err != nil {
		return err
	}
	err = m.DetachCNI(b.ctx, r.Network, func(l *record.Lease) bool { return l.CNI == r.ID && l.Iface == r.Iface })
	if errs.Is(err, errs.NotFound) {
		return nil // with the network all its addresses are gone
	}
	return err
}

func (b backend) Check(r *cni.Request) error {
	m, err := b.open(r)
	if err != nil {
		return err
	}
	return m.CheckCNI(r.Network, r.ID, r.Netns, r.Iface, r.Addresses)
}

func (b backend) GC(r *cni.Request) error {
	m, err := b.open(r)
	if err != nil {
		return err
	}
	valid := map[[2]string]bool{}
	for _, a := range r.Valid {
		valid[[2]string{a.ID, a.Iface}] = true
	}
	err = m.DetachCNI(b.ctx, r.Network, func(l *record.Lease) bool {
		return l.CNINetwork == r.Name && !valid[[2]string{l.CNI, l.Iface}]
	})
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	return err
}

func (b backend) Status(r *cni.Request) error {
	m, err := b.open(r)
	if err != nil {
		return err
	}
	return m.Usable(b.ctx, r.Network)
}

// attachOpts are the words of a runtime as those of attach.
func attachOpts(r *cni.Request) (o network.AttachOpts, err error) {
	o = network.AttachOpts{CNI: r.ID, CNIConf: r.Name, Netns: r.Netns, Iface: r.Iface, Join: record.Join{
		Network: r.Network, MAC: cmp.Or(r.Runtime.MAC, r.Args["MAC"]), Aliases: r.Runtime.Aliases,
	}}
	if pod := r.Args["K8S_POD_NAME"]; pod != "" {
		o.Names = append(o.Names, pod)
	}
	ips := r.Runtime.IPs
	if ip := r.Args["IP"]; ip != "" && len(ips) == 0 {
		ips = strings.Split(ip, ",")
	}
	for _, s := range ips {
		text, _, _ := strings.Cut(s, "/") // the network knows its prefix
		a, err := netip.ParseAddr(text)
		if err != nil {
			return o, errs.New(errs.Invalid, "address %q: %w", s, err)
		}
		if a.Is4() {
			o.Join.IPv4 = text
		} else {
			o.Join.IPv6 = text
		}
	}
	b := r.Runtime.Bandwidth
	o.Join.Ingress = record.Rate{Bits: b.IngressRate, Burst: b.IngressBurst / 8}
	o.Join.Egress = record.Rate{Bits: b.EgressRate, Burst: b.EgressBurst / 8}
	if o.Join.MAC != "" {
		if o.Join.MAC, err = parse.MAC(o.Join.MAC); err != nil {
			return o, err
		}
	}
	o.Ports, err = mappings(r.Runtime.Ports)
	return o, err
}

// mappings are ports that packet rules alone lead to the pod: no process holds a
// socket for it.
func mappings(ports []cni.PortMapping) ([]record.Port, error) {
	var out []record.Port
	for _, p := range ports {
		protocol := strings.ToLower(cmp.Or(p.Protocol, "tcp"))
		if protocol != "tcp" && protocol != "udp" && protocol != "sctp" || p.HostPort == 0 || p.ContainerPort == 0 {
			return nil, errs.New(errs.Invalid, "portMappings: %d:%d/%s: not a port", p.HostPort, p.ContainerPort, p.Protocol)
		}
		if a, err := netip.ParseAddr(p.HostIP); p.HostIP != "" && (err != nil || a.IsLoopback()) {
			return nil, errs.New(errs.Invalid, "portMappings: host address %q: not an address that others reach", p.HostIP)
		}
		out = append(out, record.Port{HostIP: p.HostIP, HostPort: p.HostPort, ContainerPort: p.ContainerPort, Protocol: protocol})
	}
	return out, nil
}
