package supervisor

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/containerd/containerd/api/types/runc/options"
	runtimeoptions "github.com/containerd/containerd/api/types/runtimeoptions/v1"
	"github.com/containerd/typeurl/v2"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/wire"
)

func TestOptionsOfRuncAndOfCRI(t *testing.T) {
	const section = "TypeUrl = 'containerd.runc.v1.Options'\nBinaryName = '/bin/true'\nSystemdCgroup = true\nIoUid = 3\n"
	file := filepath.Join(t.TempDir(), "options.toml")
	must(t, os.WriteFile(file, []byte(section), 0o600))
	for what, from := range map[string]any{
		"runc":    &options.Options{BinaryName: "/bin/true", SystemdCgroup: true},
		"section": &runtimeoptions.Options{TypeUrl: "containerd.runc.v1.Options", ConfigBody: []byte(section)},
		"file":    &runtimeoptions.Options{ConfigPath: file},
	} {
		packed, err := typeurl.MarshalAnyToProto(from)
		must(t, err)
		r := &createRequest{}
		if err := r.takeOptions(wire.Any{TypeURL: packed.GetTypeUrl(), Value: packed.GetValue()}); err != nil || r.runtime != "/bin/true" || !r.systemd {
			t.Errorf("%s: %+v %v", what, r, err)
		}
	}
	for _, none := range []wire.Any{{}, {TypeURL: "another.Options", Value: []byte{1}}} {
		r := &createRequest{}
		if err := r.takeOptions(none); err != nil || r.runtime != "" || r.systemd {
			t.Errorf("%v: %+v %v", none, r, err)
		}
	}
}

func TestOptionsThatAreWrong(t *testing.T) {
	for want, from := range map[errs.Kind]any{
		errs.Invalid:     &runtimeoptions.Options{ConfigBody: []byte("SystemdCgroup = ")},
		errs.Unavailable: &options.Options{BinaryName: "nosuchruntime"},
	} {
		packed, err := typeurl.MarshalAnyToProto(from)
		must(t, err)
		if err := (&createRequest{}).takeOptions(wire.Any{TypeURL: packed.GetTypeUrl(), Value: packed.GetValue()}); !errs.Is(err, want) {
			t.Errorf("%v: %v, want %s", from, err, want)
		}
	}
}

func TestSystemdIsSeenByTheCgroupsName(t *testing.T) {
	for path, want := range map[string]bool{
		"kubepods-pod1.slice:cri-containerd:abc": true,
		"/kubepods/pod1/abc":                     false,
		"/odd:name:x":                            false,
		"":                                       false,
	} {
		if got := wantsSystemd(&specs.Spec{Linux: &specs.Linux{CgroupsPath: path}}); got != want {
			t.Errorf("%q: %v", path, got)
		}
	}
}
