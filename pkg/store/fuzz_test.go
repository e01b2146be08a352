package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// FuzzRecords: a record that a power cut, or whatever else, has damaged is told of with its
// path, or is that of whom it lies with; so is a name.
func FuzzRecords(f *testing.F) {
	id := strings.Repeat("a", 64)
	for _, s := range []string{
		"", "null", "{}", `{"schemaVersion":1,"id":"` + id + `","interface":"eth0","name":"n1","status":"exited","netns":"/x"}`,
		`{"schemaVersion":2}`, `{"schemaVersion":"1"}`, `{"a":"\"schemaVersion\"","netns":"x"}`, `{"id":"b","name":"b","status":""}`, "\x00\x00",
		id, id + "\n", `{"netns":"/x","ports":[null]}`, `{"name":"n1","subnets":[{}],"created":"x"}`,
	} {
		f.Add([]byte(s))
	}
	root := f.TempDir()
	s, err := Open(filepath.Join(root, "l"), filepath.Join(root, "r"))
	if err == nil {
		err = s.CreateContainer(&record.Container{ID: id}, &record.State{Status: record.Created})
	}
	if err == nil {
		err = s.CreateVolume(&record.Volume{Name: "n1"})
	}
	if err == nil {
		err = s.MakeLeases("n1")
	}
	if err == nil {
		err = s.SetEndpoint(&record.Endpoint{ID: id, Iface: "eth0"})
	}
	if err != nil {
		f.Fatal(err)
	}
	reads := map[string]func() (bool, error){
		filepath.Join(s.ContainerDir(id), "config.json"): func() (bool, error) { c, err := s.Container(id); return c.ID == id, err },
		filepath.Join(s.ContainerDir(id), "state.json"):  func() (bool, error) { st, err := s.State(id); return st.Status != "", err },
		s.networkFile("n1"):                              func() (bool, error) { n, err := s.Network("n1"); return n.Name == "n1", err },
		filepath.Join(s.VolumeDir("n1"), "volume.json"):  func() (bool, error) { v, err := s.Volume("n1"); return v.Name == "n1", err },
		s.leaseFile("n1", "10.0.0.2"):                    func() (bool, error) { l, err := s.Lease("n1", "10.0.0.2"); return l.Netns != "", err },
		s.endpointFile(id, "eth0"):                       func() (bool, error) { e, err := s.Endpoint(id, "eth0"); return e.ID == id && e.Iface == "eth0", err },
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for path, read := range reads {
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			is, err := read()
			switch {
			case err == nil && !is:
				t.Fatalf("%s with %q is a record", path, text)
			case err != nil && (!errs.Is(err, errs.Corrupt) && !errs.Is(err, errs.Unavailable) || !strings.Contains(err.Error(), path)):
				t.Fatalf("%q: %v", text, err)
			}
		}
		if err := os.WriteFile(filepath.Join(s.names(), "x"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := s.ResolveContainer("x")
		if err == nil && got != id || err == nil && strings.TrimSpace(string(text)) != id {
			t.Fatalf("the name with %q is %q", text, got)
		}
	})
}
