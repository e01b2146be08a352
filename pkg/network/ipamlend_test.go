package network

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// What an IPAM plugin was asked for a command that was killed before the answer is
// told of when it is found, once.
func TestUnansweredLend(t *testing.T) {
	r := newRig(t)
	id, iface := idOf("gone"), "eth0"+lentSuffix
	e := &record.Endpoint{ID: id, Iface: iface, Driver: "infoblox", Network: "n1", Pools: []record.Pool{{ID: "p", Subnet: "10.1.0.0/24"}}}
	if err := r.s.SetEndpoint(e); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&said, nil)))
	defer slog.SetDefault(before)
	for range 2 {
		if err := r.undoLent(t.Context(), id, iface); err != nil {
			t.Error(err)
		}
	}
	if text := said.String(); strings.Count(text, "infoblox") != 1 || !strings.Contains(text, "killed before an IPAM plugin answered") {
		t.Errorf("%q", text)
	}
}
