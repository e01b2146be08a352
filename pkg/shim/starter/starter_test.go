package starter

import (
	"encoding/hex"
	"encoding/json"
	"hash/fnv"
	"os"
	"path/filepath"
	"testing"
	"time"

	bootapi "github.com/containerd/containerd/api/runtime/bootstrap/v1"
	taskapi "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/types"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

func TestMessagesAreContainerds(t *testing.T) {
	at := time.Unix(1795717210, 15865985)
	del := &taskapi.DeleteResponse{}
	if err := proto.Unmarshal(deleteResponse(4062, 137, at.UnixNano()), del); err != nil {
		t.Fatal(err)
	}
	if del.Pid != 4062 || del.ExitStatus != 137 || !del.ExitedAt.AsTime().Equal(at) {
		t.Errorf("%v", del)
	}
	boot := &bootapi.BootstrapResult{}
	if err := proto.Unmarshal(bootstrapResult("unix:///run/x"), boot); err != nil {
		t.Fatal(err)
	}
	if boot.Version != 3 || boot.Address != "unix:///run/x" || boot.Protocol != "ttrpc" {
		t.Errorf("%v", boot)
	}
	in := &types.RuntimeInfo{}
	if err := proto.Unmarshal(info(), in); err != nil {
		t.Fatal(err)
	}
	if in.Name != "io.containerd.pouch.v2" || in.Version.Version != Version || !json.Valid(in.Features.Value) {
		t.Errorf("%v", in)
	}
}

func TestBootstrapIsToldFromOlderVersions(t *testing.T) {
	o := &options{id: "c1", namespace: "ns", address: "/flag.sock"}
	dir := "/sockets"
	msg, err := proto.Marshal(&bootapi.BootstrapParams{
		InstanceID: "c1", Namespace: "ns", LogLevel: -4, ContainerdGrpcAddress: "/grpc.sock",
		ContainerdTtrpcAddress: "/ttrpc.sock", SocketDir: &dir,
	})
	if err != nil {
		t.Fatal(err)
	}
	if p := o.params(msg); p != (params{true, "/grpc.sock", "/ttrpc.sock", dir}) {
		t.Errorf("%+v", p)
	}
	t.Setenv("TTRPC_ADDRESS", "/env.sock")
	old, err := proto.Marshal(&anypb.Any{TypeUrl: "containerd.runc.v1.Options", Value: []byte{8, 1}})
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range [][]byte{nil, old, {0xff, 0xff}} {
		if p := o.params(in); p != (params{false, "/flag.sock", "/env.sock", defaultSocketDir}) {
			t.Errorf("%x: %+v", in, p)
		}
	}
}

func TestSocketNameIsFNV(t *testing.T) {
	h := fnv.New128a()
	h.Write([]byte("/run/containerd.sock\x00default\x00c1\x00"))
	if got, want := socketName("/run/containerd.sock", "default", "c1"), hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestFlags(t *testing.T) {
	o, err := parse([]string{"-namespace", "ns", "--id=c1", "-address", "/a", "-publish-binary", "/b", "-debug", "-bundle", "/c", "delete", "x"})
	if err != nil || *o != (options{"ns", "c1", "/a", "/c", true, "delete"}) {
		t.Errorf("%+v %v", o, err)
	}
	for _, bad := range [][]string{{"-namespace"}, {"start"}, {"-namespace", "ns", "-id", "../x", "start"}, {"-namespace", ".", "-id", "x", "delete"}} {
		if o, err := parse(bad); err == nil {
			t.Errorf("%q was taken: %+v", bad, o)
		}
	}
}

func TestPodIsTheAnnotation(t *testing.T) {
	const key = `"io.kubernetes.cri.sandbox-id"`
	for spec, want := range map[string]string{
		`{"annotations":{"a":"b",` + key + `:"pod1"}}`:                                                        "pod1",
		` { "process" : {"args":["x",1,-2.5e3,true,null,[{}]]} , "annotations" : { ` + key + ` : "pod2" } } `: "pod2",
		`{"process":{"env":["` + `\"annotations\":{\"io.kubernetes.cri.sandbox-id\":\"evil\"}` + `"]}}`:       "",
		`{"linux":{"sysctl":{` + key + `:"evil"}},"annotations":{}}`:                                          "",
		`{}`: "",
	} {
		path := filepath.Join(t.TempDir(), "config.json")
		os.WriteFile(path, []byte(spec), 0o600)
		if pod, err := podOf(path); err != nil || pod != want {
			t.Errorf("%s: %q %v, want %q", spec, pod, err, want)
		}
	}
}

func FuzzPod(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":"c\\"}],"annotations":{"io.kubernetes.cri.sandbox-id":"p"}}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		path := filepath.Join(t.TempDir(), "config.json")
		os.WriteFile(path, in, 0o600)
		got, err := podOf(path)
		var spec struct{ Annotations map[string]string }
		if json.Unmarshal(in, &spec) == nil && err == nil && got != "" && spec.Annotations[podKey] != got {
			t.Errorf("%q, want %q", got, spec.Annotations[podKey])
		}
	})
}

func FuzzFields(f *testing.F) {
	f.Add(bootstrapResult("x"))
	f.Fuzz(func(_ *testing.T, in []byte) { textFields(in) })
}
