package network

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// holder of a container's ports, in place of its supervisor.
type holding struct {
	mu     sync.Mutex
	ports  []record.Port
	target string
}

func (h *holding) at() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.target
}

func (r *rig) holds(id string, ports ...record.Port) *holding {
	r.t.Helper()
	if err := os.MkdirAll(r.s.RunDir(id), 0o700); err != nil {
		r.t.Fatal(err)
	}
	l, err := ctl.Listen(r.s.ControlSocket(id))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { l.Close() })
	h := &holding{ports: ports}
	go func() {
		for {
			u, err := l.AcceptUnix()
			if err != nil {
				return
			}
			h.answer(ctl.New(u))
		}
	}()
	return h
}

func (h *holding) answer(c *ctl.Conn) {
	defer c.Close()
	msg, _, err := c.Recv()
	if err != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if msg.Op == ctl.Retarget {
		h.target = msg.Target
	} else {
		c.Send(&ctl.Message{Op: ctl.Ports, Ports: h.ports})
	}
	c.Send(&ctl.Message{Op: ctl.OK})
}

// What is published goes on by another network when that which served it is left.
func TestPublishedPortsMove(t *testing.T) {
	r := newRig(t)
	client := r.outside()
	r.network("one", CreateOpts{})
	r.network("two", CreateOpts{})
	r.network("inner", CreateOpts{Internal: true})
	port := tcp("", 8080, 80)
	first := r.joins("web", "one", port)
	id := idOf("web")
	h := r.holds(id, port)
	c := must(r.s.Container(id))(t)
	c.NetworkMode, c.Networks = "one", []record.Join{{Network: "one"}}
	if err := r.s.SetContainer(c); err != nil {
		t.Fatal(err)
	}
	nettest.Serve(t, r.s.Netns(id), "tcp", ":80")
	step := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	r.sees(client, "tcp", "192.0.2.1:8080", "192.0.2.2")
	step(r.Connect(t.Context(), "web", record.Join{Network: "inner"}))
	step(r.Connect(t.Context(), "web", record.Join{Network: "two"}))
	if h.at() != "" {
		t.Errorf("the ports moved to %s though their network stays", h.at())
	}
	step(r.Disconnect(t.Context(), "web", "one"))
	r.sees(client, "tcp", "192.0.2.1:8080", "192.0.2.2")
	if two := r.addrOf("web", "two"); h.at() != two || two == ip(first.IPv4) {
		t.Errorf("the supervisor connects to %q, not to %s", h.at(), two)
	}
	if out := r.in("web", "ip", "route"); strings.Count(out, "default") != 1 {
		t.Error(out)
	}
	if a := must(r.Attachments())(t)[id]; len(a.Ports) != 1 || a.Ports[0] != port {
		t.Errorf("%+v", a)
	}

	step(r.Disconnect(t.Context(), "web", "two")) // the internal one alone is left
	r.refused(client, "tcp", "192.0.2.1:8080")
	if h.at() != "" {
		t.Errorf("the supervisor connects to %q", h.at())
	}
	step(r.Disconnect(t.Context(), "web", "inner"))
	step(r.Connect(t.Context(), "web", record.Join{Network: "one"})) // and back, of none
	r.sees(client, "tcp", "192.0.2.1:8080", "192.0.2.2")
	if one := r.addrOf("web", "one"); h.at() != one {
		t.Errorf("the supervisor connects to %q, not to %s", h.at(), one)
	}
	r.sees(r.s.Netns(id), "tcp", "192.0.2.1:8080", must(r.attachedTo(id))(t)[0].Gateway) // hairpin
}

func TestGatewayPriority(t *testing.T) {
	r := newRig(t)
	r.network("one", CreateOpts{})
	r.network("two", CreateOpts{})
	r.joins("web", "one")
	route := func() string { return r.in("web", "ip", "route", "show", "default") }
	o := AttachOpts{Container: idOf("web"), Netns: r.s.Netns(idOf("web")), Join: record.Join{Network: "two", Priority: 5, Interface: "lan0"}}
	j := must(r.Attach(t.Context(), o))(t)
	if out := route(); !strings.HasPrefix(out, "default via "+j.Gateway+" dev lan0") || strings.Count(out, "default") != 1 {
		t.Error(out)
	}
	if len(j.HostLink) != 15 {
		t.Errorf("%+v", j)
	}
	if err := r.Detach(t.Context(), "two", o.Netns); err != nil {
		t.Fatal(err)
	}
	if out := route(); !strings.Contains(out, "dev eth0") {
		t.Error(out)
	}
	if i := r.Carrier([]record.Join{{Network: "one"}, {Network: "two", Priority: 1}}); i != 1 {
		t.Errorf("carrier %d", i)
	}
}
