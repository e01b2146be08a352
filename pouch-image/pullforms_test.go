package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

// Several images in one command: what fails does not keep the others.
func TestPullSeveral(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	r.Push(t, "one", "1", busybox(t, registrytest.Kind{}))
	r.Push(t, "two", "1", busybox(t, registrytest.Kind{}))
	one, none, two := r.Host+"/one:1", r.Host+"/none:1", r.Host+"/two:1"
	expect(t, 0, regexp.QuoteMeta(one+"\n"+two+"\n"), ``, "pull", "-q", one, two)
	expect(t, 1, regexp.QuoteMeta(one+"\n"+two+"\n"), `pull `+regexp.QuoteMeta(none)+`: .*answered 404`, "pull", "-q", one, none, two)
	expect(t, 0, `(?s).*`, ``, "rm", one, two)
	noLeases(t)
}

func TestProgressForms(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	img := busybox(t, registrytest.Kind{})
	r.Push(t, "form", "1", img)
	ref := r.Host + "/form:1"
	expect(t, 1, ``, `--progress x: auto, tty, plain or json`, "pull", "--progress", "x", ref)
	got := expect(t, 0, regexp.QuoteMeta(ref)+`\n`, `.`, "pull", "--progress", "json", ref)
	done := map[string]bool{}
	for line := range strings.Lines(got.stderr) {
		var p blobProgress
		if err := json.Unmarshal([]byte(line), &p); err != nil || p.Digest == "" || p.Offset > p.Size {
			t.Errorf("%q: %v", line, err)
		}
		if p.Done && !p.Config {
			done[p.Digest] = !p.Had
		}
	}
	if len(done) != len(img.Layers) {
		t.Errorf("done: %v, the image has %d layers", done, len(img.Layers))
	}
	expect(t, 0, regexp.QuoteMeta(ref)+`\n`, `(?m)^[0-9a-f]{12}: already here$`, "pull", "--progress", "plain", ref)
	expect(t, 0, regexp.QuoteMeta(ref)+`\n`, `[0-9.]+ [kM]?i?B`, "pull", "--progress", "tty", ref)
	expect(t, 0, `(?s).*`, ``, "rm", ref)
}

// Every image of an index is here; the one of this machine runs.
func TestAllPlatforms(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	mine, other, third := busybox(t, registrytest.Kind{}), busybox(t, registrytest.Kind{Arch: "s390x"}), busybox(t, registrytest.Kind{Arch: "riscv64"})
	index := r.Push(t, "all", "1", other, mine, third)
	ref := r.Host + "/all:1"
	expect(t, 0, regexp.QuoteMeta(ref)+`\n`, ``, "pull", "-q", "--all-platforms", ref)
	expect(t, 0, mine.ID().String()+" "+index.String()+`\n`, ``, "inspect", "-f", "{{.ID}} {{.Descriptor.Digest}}", ref)
	for _, img := range []registrytest.Image{mine, other, third} {
		if !has(t, img.Digest()) || !has(t, img.ID()) {
			t.Errorf("the image for %s is not here", img.Arch)
		}
	}
	empty := registrytest.Start(t, registrytest.Options{})
	expect(t, 0, index.String()+`\n`, ``, "copy", "-q", "--all", ref, "docker://"+empty.Host+"/copy:1")
	expect(t, 0, `.*\n`, ``, "pull", "-q", "--platform", "linux/s390x", empty.Host+"/copy:1")
	expect(t, 0, `(?s).*`, ``, "rm", ref, empty.Host+"/copy:1")
	noLeases(t)
	nothingStored(t)
}
