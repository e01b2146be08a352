package cni

import (
	"encoding/json"
	"testing"

	"github.com/containernetworking/cni/pkg/skel"
	types100 "github.com/containernetworking/cni/pkg/types/100"
)

// FuzzRequest: whatever a runtime's configuration says to Pouch as a plugin, it is refused,
// or each interface that an address names is there in what is answered.
func FuzzRequest(f *testing.F) {
	for _, s := range []string{
		`{"cniVersion":"1.0.0","name":"n","type":"pouch","network":"x","runtimeConfig":{"portMappings":[{"hostPort":1,"containerPort":2}],"ips":["1.2.3.4/8"]}}`,
		`{"cniVersion":"1.0.0","name":"n","prevResult":{"cniVersion":"1.0.0","interfaces":[{"name":"a"}],"ips":[{"interface":0,"address":"1.2.3.4/8"}]}}`,
		`{"cniVersion":"1.0.0","prevResult":{"cniVersion":"1.0.0","interfaces":[null],"ips":[null],"routes":[null]}}`,
		`{"cniVersion":"1.0.0","prevResult":{"ips":[{"interface":-1,"address":"1.2.3.4/8"}]}}`, `{"prevResult":null}`, `{"cniVersion":"9.9.9","prevResult":{}}`,
		`{"cniVersion":"1.1.0","cni.dev/valid-attachments":null}`, `{"cni.dev/attachments":[{"containerID":"a","ifname":"b"}]}`, "null", "[]",
	} {
		f.Add([]byte(s), "A=b;C=d=e")
	}
	f.Fuzz(func(t *testing.T, stdin []byte, args string) {
		r, c, err := read(&skel.CmdArgs{ContainerID: "id", IfName: "eth0", Args: args, StdinData: stdin})
		if err != nil {
			return
		}
		if r.ID != "id" || r.Iface != "eth0" {
			t.Fatalf("%q changed whose it is: %+v", stdin, r)
		}
		if _, err := validOf(stdin, c); err != nil && toError(err) == nil {
			t.Fatal("an error is none")
		}
		zero := 0
		own := &types100.Result{CNIVersion: "1.0.0", Interfaces: []*types100.Interface{{Name: "own"}}, IPs: []*types100.IPConfig{{Interface: &zero}}}
		before := 0
		if c.PrevResult != nil {
			if p, err := current(c.PrevResult); err == nil {
				before = len(p.Interfaces)
			}
		}
		got, err := behind(c, own)
		if err != nil {
			return
		}
		last := got.IPs[len(got.IPs)-1]
		if last.Interface == nil || *last.Interface != before || got.Interfaces[*last.Interface].Name != "own" {
			t.Fatalf("%q: %+v", stdin, got)
		}
		if _, err := json.Marshal(got); err != nil {
			t.Fatal(err)
		}
	})
}
