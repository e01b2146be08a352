package cdi

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

const vendor = `cdiVersion: "0.6.0"
kind: vendor.com/card
devices:
- name: one
  containerEdits:
    deviceNodes: [{path: /dev/card1, hostPath: /dev/null}]
    env: [CARD=one]
- name: two
  containerEdits:
    mounts: [{hostPath: /etc/hostname, containerPath: /card/two, options: [ro, bind]}]
    hooks: [{hookName: createContainer, path: /bin/true, args: ["true", two]}]
containerEdits:
  env: [CARDS=yes]
`

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestInject(t *testing.T) {
	dir := folder(t, map[string]string{"vendor.yaml": vendor})
	for _, asked := range [][]string{{"vendor.com/card=one", "vendor.com/card=two"}, {"vendor.com/card=all"}} {
		s := &specs.Spec{Process: &specs.Process{Env: []string{"CARD=image", "A=b"}}, Linux: &specs.Linux{Resources: &specs.LinuxResources{}}}
		if err := Inject(s, asked, []string{dir}); err != nil {
			t.Fatal(err)
		}
		if want := []string{"CARD=one", "A=b", "CARDS=yes"}; !equalSet(s.Process.Env, want) {
			t.Errorf("%v: environment %q", asked, s.Process.Env)
		}
		if len(s.Linux.Devices) != 1 || s.Linux.Devices[0].Path != "/dev/card1" || s.Linux.Devices[0].Major != 1 {
			t.Errorf("%v: nodes %+v", asked, s.Linux.Devices)
		}
		if len(s.Linux.Resources.Devices) != 1 || !s.Linux.Resources.Devices[0].Allow {
			t.Errorf("%v: rules %+v", asked, s.Linux.Resources.Devices)
		}
		if len(s.Mounts) != 1 || s.Mounts[0].Destination != "/card/two" {
			t.Errorf("%v: mounts %+v", asked, s.Mounts)
		}
		if s.Hooks == nil || len(s.Hooks.CreateContainer) != 1 {
			t.Errorf("%v: hooks %+v", asked, s.Hooks)
		}
	}
}

func equalSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

func TestInjectNothing(t *testing.T) {
	if err := Inject(nil, nil, []string{"/nosuch"}); err != nil {
		t.Error(err)
	}
}

func TestInjectMissing(t *testing.T) {
	dir := folder(t, map[string]string{"vendor.yaml": vendor, "other.json": "{"})
	err := Inject(&specs.Spec{}, []string{"vendor.com/card=three"}, []string{dir})
	if !errs.Is(err, errs.NotFound) {
		t.Fatal(err)
	}
	for _, want := range []string{"vendor.com/card=three", "known are vendor.com/card=one, vendor.com/card=two", dir, "other.json"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: without %q", err, want)
		}
	}
	err = Inject(&specs.Spec{}, []string{"nvidia.com/gpu=all"}, []string{t.TempDir()})
	if !errs.Is(err, errs.NotFound) || !strings.Contains(err.Error(), "no device is known") {
		t.Error(err)
	}
}

// A file with null for an element is named, and ends no program.
func TestInjectNull(t *testing.T) {
	for _, edits := range []string{"{deviceNodes: [null]}", "{mounts: [null]}"} {
		text := "cdiVersion: \"1.1.0\"\nkind: vendor.com/card\ndevices: [{name: one, containerEdits: " + edits + "}]\n"
		dir := folder(t, map[string]string{"a.yaml": vendor, "null.yaml": text})
		err := Inject(&specs.Spec{}, []string{"vendor.com/card=one"}, []string{dir})
		if !errs.Is(err, errs.Corrupt) || !strings.Contains(err.Error(), filepath.Join(dir, "null.yaml")) {
			t.Errorf("%s: %v", edits, err)
		}
	}
}
