package spec

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// The rules of docker for what runs.
func TestMergeCommand(t *testing.T) {
	img := ocispec.ImageConfig{Entrypoint: []string{"ep"}, Cmd: []string{"cmd"}}
	for name, tc := range map[string]struct {
		img  ocispec.ImageConfig
		o    Overrides
		want []string // nil: refused
	}{
		"image":               {img, Overrides{}, []string{"ep", "cmd"}},
		"command":             {img, Overrides{Cmd: []string{"x", "y"}}, []string{"ep", "x", "y"}},
		"entrypoint":          {img, Overrides{EntrypointSet: true, Entrypoint: []string{"e"}}, []string{"e"}},
		"entrypoint, command": {img, Overrides{EntrypointSet: true, Entrypoint: []string{"e"}, Cmd: []string{"x"}}, []string{"e", "x"}},
		"cleared":             {img, Overrides{EntrypointSet: true, Cmd: []string{"x"}}, []string{"x"}},
		"cleared, no command": {img, Overrides{EntrypointSet: true}, nil},
		"only cmd":            {ocispec.ImageConfig{Cmd: []string{"cmd"}}, Overrides{}, []string{"cmd"}},
		"empty entrypoint":    {ocispec.ImageConfig{Entrypoint: []string{""}, Cmd: []string{"cmd"}}, Overrides{}, []string{"cmd"}},
		"nothing":             {ocispec.ImageConfig{}, Overrides{}, nil},
		"NUL":                 {ocispec.ImageConfig{Cmd: []string{"a\x00b"}}, Overrides{}, nil},
	} {
		m, err := Merge(tc.img, tc.o)
		if tc.want == nil {
			if !errs.Is(err, errs.Invalid) {
				t.Errorf("%s: %v, %v", name, m, err)
			}
			continue
		}
		if err != nil || !slices.Equal(m.Process.Args(), tc.want) {
			t.Errorf("%s: %v, %v", name, m, err)
		}
	}
}

func TestMergeEnv(t *testing.T) {
	for _, tc := range [][3][]string{
		{{"A=1", "B=2"}, {"C=3", "A=9"}, {"A=9", "B=2", "C=3"}},
		{{"A=1", "B=2"}, {"A"}, {"B=2"}},
		{{"A=1"}, {"A", "A=2"}, {"A=2"}},
		{nil, {"A=1", "A=2", "NOPE"}, {"A=2"}},
		{{"A=1"}, {"A="}, {"A="}},
	} {
		if got := MergeEnv(tc[0], tc[1]); !slices.Equal(got, tc[2]) {
			t.Errorf("%q over %q: %q, want %q", tc[1], tc[0], got, tc[2])
		}
	}
	c := testContainer()
	c.Process.Env, c.Process.TTY = []string{"HOSTNAME=mine", "X=1"}, true
	want := []string{"PATH=" + DefaultPath, "HOSTNAME=mine", "TERM=xterm", "X=1"}
	if got := Env(c, "thehost"); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	c.Process.Env, c.Process.TTY, c.Host.UtsMode = nil, false, "host"
	if got := Env(c, "thehost"); !slices.Contains(got, "HOSTNAME=thehost") {
		t.Errorf("host's UTS namespace: %q", got)
	}
}

func TestMergeRest(t *testing.T) {
	seven := 7
	img := ocispec.ImageConfig{
		Cmd: []string{"c"}, User: "app", WorkingDir: "srv", StopSignal: "SIGQUIT",
		Labels: record.Labels{"a": "img", "b": "img"}, ExposedPorts: map[string]struct{}{"80/tcp": {}, "53/udp": {}},
		Volumes: map[string]struct{}{"/data/": {}, "/data": {}, "/a": {}},
	}
	m, err := Merge(img, Overrides{Labels: record.Labels{"b": "own"}, StopTimeout: &seven, Groups: []string{"audio"}})
	if err != nil {
		t.Fatal(err)
	}
	want := &Merged{
		Process: record.Process{Cmd: []string{"c"}, Env: []string{}, Cwd: "/srv", User: "app", Groups: []string{"audio"}, StopSignal: "SIGQUIT", StopTimeout: &seven},
		Labels:  record.Labels{"a": "img", "b": "own"}, Volumes: []string{"/a", "/data"},
		Exposed: []record.Port{{ContainerPort: 53, Protocol: "udp"}, {ContainerPort: 80, Protocol: "tcp"}},
	}
	if !reflect.DeepEqual(m, want) {
		t.Errorf("got %+v\nwant %+v", m, want)
	}
	m, err = Merge(img, Overrides{User: "0:0", Cwd: "/w/../x", StopSignal: "KILL"})
	if err != nil || m.Process.User != "0:0" || m.Process.Cwd != "/x" || m.Process.StopSignal != "KILL" {
		t.Errorf("overrides: %+v, %v", m, err)
	}
	if _, err := Merge(img, Overrides{Cwd: "w"}); !errs.Is(err, errs.Invalid) {
		t.Errorf("relative working directory: %v", err)
	}
}

// CVE-2026-53488: labels of an image reached containerd and steered it.
func TestImageAllowListCVE202653488(t *testing.T) {
	img := ocispec.ImageConfig{
		Cmd: []string{"c"}, StopSignal: "999",
		Env: []string{"OK=1", "=x", "noequals", "N=\x00", "LD_PRELOAD=/x.so"},
		Labels: record.Labels{
			"containerd.io/gc.root": "1", "io.containerd.image.config.stop-signal": "x", "io.cri-containerd.image": "managed",
			"pouch.policy": "x", "POUCH.policy": "x", "io.kubernetes.cri.container-type": "sandbox", "fine": "1", "": "x",
		},
		ExposedPorts: map[string]struct{}{"80": {}, "x": {}, "1-65535": {}, "../..": {}},
	}
	m, err := Merge(img, Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(m.Labels, record.Labels{"fine": "1"}) {
		t.Errorf("labels: %v", m.Labels)
	}
	// LD_PRELOAD is the container's own affair: nothing on the host reads it.
	if !slices.Equal(m.Process.Env, []string{"OK=1", "LD_PRELOAD=/x.so"}) {
		t.Errorf("env: %q", m.Process.Env)
	}
	if len(m.Exposed) != 1 || m.Process.StopSignal != "" {
		t.Errorf("ports %v, stop signal %q", m.Exposed, m.Process.StopSignal)
	}
	if len(m.Warnings) != 3+7+3+1 {
		t.Errorf("%d warnings:\n%s", len(m.Warnings), strings.Join(m.Warnings, "\n"))
	}
}

// CVE-2022-23648: a volume's path with ".." read the host's files.
func TestImageVolumesCVE202223648(t *testing.T) {
	for _, bad := range []string{"/../../etc", "/a/../../etc", "../x", "x", "/", "", "/a\x00b", "/a/..", "/" + strings.Repeat("a/", 3000)} {
		img := ocispec.ImageConfig{Cmd: []string{"c"}, Volumes: map[string]struct{}{bad: {}}}
		if m, err := Merge(img, Overrides{}); !errs.Is(err, errs.Invalid) {
			t.Errorf("%.40q: %v, %v", bad, m, err)
		}
	}
	for _, bad := range []ocispec.ImageConfig{{Cmd: []string{"c"}, User: "a\nb"}, {Cmd: []string{"c"}, WorkingDir: "/a\x00"}} {
		if m, err := Merge(bad, Overrides{}); !errs.Is(err, errs.Invalid) {
			t.Errorf("%+v: %v, %v", bad, m, err)
		}
	}
}

func FuzzMerge(f *testing.F) {
	f.Add("ep", "cmd", "A=1", "/w", "root", "80/tcp", "/v", "a")
	f.Fuzz(func(t *testing.T, ep, cmd, env, wd, user, port, vol, label string) {
		img := ocispec.ImageConfig{
			Entrypoint: []string{ep}, Cmd: []string{cmd}, Env: []string{env}, WorkingDir: wd, User: user, StopSignal: label,
			ExposedPorts: map[string]struct{}{port: {}}, Volumes: map[string]struct{}{vol: {}}, Labels: record.Labels{label: "x"},
		}
		m, err := Merge(img, Overrides{})
		if err != nil {
			if !errs.Is(err, errs.Invalid) {
				t.Fatalf("kind %s: %v", errs.KindOf(err), err)
			}
			return
		}
		c := testContainer()
		c.Process, c.Labels = m.Process, m.Labels
		for _, v := range m.Volumes {
			if v[0] != '/' || strings.Contains(v+"/", "/../") {
				t.Fatalf("volume %q", v)
			}
			c.Mounts = append(c.Mounts, record.Mount{Type: "volume", Source: "/x", Destination: v})
		}
		if _, err := Build(c, testHost()); err != nil && !errs.Is(err, errs.Invalid) {
			t.Fatal(err)
		}
	})
}
