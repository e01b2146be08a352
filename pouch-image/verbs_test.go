package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/image"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/test/registrytest"
)

// pulled pulls a new image and gives it the name that is asked for.
func pulled(t *testing.T, name string, k registrytest.Kind) registrytest.Image {
	t.Helper()
	r := registrytest.Start(t, registrytest.Options{})
	img := busybox(t, k)
	r.Push(t, "x", "1", img)
	expect(t, 0, `.*\n`, ``, "pull", "-q", r.Host+"/x:1")
	expect(t, 0, ``, ``, "tag", r.Host+"/x:1", name)
	expect(t, 0, `Untagged: .*\n`, ``, "rm", r.Host+"/x:1")
	return img
}

func TestList(t *testing.T) {
	img := pulled(t, "list/a:1", registrytest.Kind{})
	id := img.ID().Encoded()[:12]
	expect(t, 0, ``, ``, "tag", "list/a:1", "list/b:2")
	expect(t, 0, `REPOSITORY +TAG +IMAGE ID +CREATED +SIZE\nlist/a +1 +`+id+` +N/A +[0-9.]+MB\n`, ``, "ls", "list/a")
	expect(t, 0, `REPOSITORY +TAG +IMAGE ID +CREATED +SIZE\n`, ``, "images", "list/a:2")
	expect(t, 0, `REPOSITORY +TAG +IMAGE ID +CREATED +SIZE\n`, ``, "ls", "nosuch")
	expect(t, 0, ``, ``, "ls", "-q", "nosuch")
	expect(t, 0, id+`\n`, ``, "ls", "-q", "list/a:1")
	expect(t, 0, img.ID().String()+`\n`, ``, "ls", "-q", "--no-trunc", "list/a")
	expect(t, 0, `(?s).*list/b +2 +`+img.Digest().String()+` .*`, ``, "ls", "--digests", "list/b")
	expect(t, 0, `list/a:1\nlist/b:2\n`, ``, "ls", "-f", "reference=list/*", "--format", "{{.Repository}}:{{.Tag}}")
	expect(t, 0, `list/b:2\n`, ``, "ls", "-f", "reference=list/*:2", "--format", "{{.Repository}}:{{.Tag}}")
	expect(t, 0, `list/a\n`, ``, "ls", "-f", "label=kind=test", "-f", "reference=list/a", "--format", "{{.Repository}}")
	expect(t, 0, ``, ``, "ls", "-q", "-f", "label=kind=no")
	expect(t, 0, ``, ``, "ls", "-q", "-f", "dangling=true")
	expect(t, 1, ``, `invalid filter 'foo'`, "ls", "-f", "foo=bar")
	r := expect(t, 0, `\{.*\}\n`, ``, "ls", "--format", "json", "list/a")
	var row map[string]string
	if err := json.Unmarshal([]byte(r.out), &row); err != nil || row["ID"] != id || row["Repository"] != "list/a" || row["Tag"] != "1" {
		t.Errorf("json: %v, %v", row, err)
	}
	expect(t, 0, `(?s).*`, ``, "rm", "list/a:1", "list/b:2")
}

func TestInspect(t *testing.T) {
	img := pulled(t, "insp:1", registrytest.Kind{})
	r := expect(t, 1, `(?s).*`, `no such image: nosuch`, "inspect", "insp:1", "nosuch", img.ID().Encoded()[:5])
	var got []image.Inspection
	if err := json.Unmarshal([]byte(r.out), &got); err != nil || len(got) != 2 {
		t.Fatalf("%v: %s", err, r.out)
	}
	for _, i := range got {
		if i.ID != img.ID().String() || len(i.RepoTags) != 1 || i.RepoTags[0] != "insp:1" || i.RepoDigests[0] != "insp@"+img.Digest().String() ||
			len(i.RootFS.Layers) != 2 || i.Config.Cmd[0] != "/bin/sh" || i.Size < 50_000 {
			t.Errorf("%+v", i)
		}
	}
	expect(t, 1, `\[\]\n`, `no such image: nosuch`, "inspect", "nosuch")
	expect(t, 0, `\["/bin/sh"\] insp:1\n`, ``, "inspect", "-f", `{{json .Config.Cmd}} {{join .RepoTags ","}}`, "insp:1")
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", "insp:1")
}

func TestTagAndRemove(t *testing.T) {
	img := pulled(t, "tr:1", registrytest.Kind{})
	id := img.ID().Encoded()[:12]
	expect(t, 1, ``, `BAD:1.*must be lowercase`, "tag", "tr:1", "BAD:1")
	expect(t, 1, ``, `cannot have a digest`, "tag", "tr:1", "x@"+img.Digest().String())
	expect(t, 1, ``, `no such image: nosuch`, "tag", "nosuch", "x:1")
	expect(t, 0, ``, ``, "tag", id, "tr:2")
	expect(t, 0, ``, ``, "tag", "tr:1", "other/tr:1")
	expect(t, 0, "Untagged: tr:2\n", ``, "rmi", "tr:2")
	expect(t, 1, ``, `must be forced.*referenced in 2 repositories`, "rm", id)
	expect(t, 1, ``, `no such image: nosuch:1`, "rm", "nosuch:1")
	expect(t, 0, ``, `no such image: nosuch:1`, "rm", "-f", "nosuch:1")
	expect(t, 1, "Untagged: other/tr:1\n", `no such image: nosuch`, "rm", "nosuch", "other/tr:1")
	expect(t, 0, "Untagged: tr:1\nDeleted: "+img.ID().String()+"\n", ``, "rm", id)
	expect(t, 1, ``, `no such image`, "rm", id)
}

// An image that a container was made from stays; -f lets it go unless the
// container runs.
func TestRemoveInUse(t *testing.T) {
	img := pulled(t, "used:1", registrytest.Kind{})
	s, err := state()
	if err != nil {
		t.Fatal(err)
	}
	cid := strings.Repeat("ab", 32)
	self, err := proc.Self()
	if err != nil {
		t.Fatal(err)
	}
	boot, err := proc.BootID()
	if err != nil {
		t.Fatal(err)
	}
	st := &record.State{Status: record.Running, Init: self, BootID: boot, Started: time.Now()}
	if err := s.CreateContainer(&record.Container{ID: cid, Image: record.Image{Ref: "docker.io/library/used:1", ConfigDigest: img.ID().String()}}, st); err != nil {
		t.Fatal(err)
	}
	expect(t, 0, ``, ``, "tag", "used:1", "used:2")
	expect(t, 0, "Untagged: used:2\n", ``, "rm", "used:2")
	expect(t, 1, ``, `used:1 \(cannot be forced\): image is being used by container abababababab`, "rm", "-f", "used:1")
	st.Status, st.Init = record.Exited, record.Proc{}
	if err := s.SetState(cid, st); err != nil {
		t.Fatal(err)
	}
	expect(t, 1, ``, `used:1 \(must be forced\): image is being used by container abababababab`, "rm", "used:1")
	expect(t, 0, "(?s)Untagged.*Deleted.*", ``, "rm", "-f", "used:1")
	if err := s.RemoveContainer(cid); err != nil {
		t.Fatal(err)
	}
}

func TestSaveAndLoad(t *testing.T) {
	for _, k := range []registrytest.Kind{{}, {Docker: true}, {Zstd: true}} {
		a, b := pulled(t, "sl/a:1", k), pulled(t, "sl/b:1", k)
		dir := t.TempDir()
		both, one, nameless := filepath.Join(dir, "both.tar"), filepath.Join(dir, "one.tar"), filepath.Join(dir, "nameless.tar")
		expect(t, 0, ``, ``, "save", "-o", both, "sl/a:1", "sl/b:1")
		expect(t, 0, ``, ``, "save", "--format", "oci-archive", "-o", one, "sl/a:1")
		expect(t, 0, ``, ``, "save", "-o", nameless, a.ID().Encoded()[:10])
		piped := expect(t, 0, `(?s).+`, ``, "save", "sl/a:1", "sl/b:1")
		expect(t, 0, `(?s).*`, ``, "rm", "sl/a:1", "sl/b:1")

		expect(t, 0, "Loaded image: sl/a:1\nLoaded image: sl/b:1\n", ``, "load", "-q", "-i", both)
		expect(t, 0, a.ID().String()+"\n"+b.ID().String()+"\n", ``, "inspect", "-f", "{{.Id}}", "sl/a:1", "sl/b:1")
		expect(t, 0, `(?s).*`, ``, "rm", "sl/a:1", "sl/b:1")

		if want, err := os.ReadFile(both); err != nil || string(want) != piped.out {
			t.Errorf("stdout and -o differ (%v)", err)
		}
		c := command(t, "load", "-q")
		c.Stdin = bytes.NewReader([]byte(piped.out)) // a pipe
		if r := do(t, c); r.code != 0 || r.out != "Loaded image: sl/a:1\nLoaded image: sl/b:1\n" {
			t.Errorf("load from a pipe: %+v", r)
		}
		expect(t, 0, `(?s).*`, ``, "rm", "sl/a:1", "sl/b:1")

		expect(t, 0, "Loaded image: sl/a:1\n", ``, "load", "-q", "-i", one)
		expect(t, 0, a.ID().String()+"\n", ``, "inspect", "-f", "{{.Id}}", "sl/a:1")
		expect(t, 0, `(?s).*`, ``, "rm", "sl/a:1")

		expect(t, 0, "Loaded image ID: "+a.ID().String()+"\n", ``, "load", "-q", "-i", nameless)
		expect(t, 0, "<none> <none> "+a.ID().Encoded()[:12]+"\n", ``, "ls", "-f", "dangling=true", "--format", "{{.Repository}} {{.Tag}} {{.ID}}")
		expect(t, 0, "Deleted: "+a.ID().String()+"\n", ``, "rm", a.ID().Encoded()[:12])
	}
	noLeases(t)
}

func TestSaveAndLoadFail(t *testing.T) {
	img := pulled(t, "slf:1", registrytest.Kind{})
	expect(t, 0, ``, ``, "tag", "slf:1", "slf:2")
	dir := t.TempDir()
	out := filepath.Join(dir, "x.tar")
	expect(t, 1, ``, `no such image: nosuch`, "save", "-o", out, "slf:1", "nosuch")
	expect(t, 1, ``, `unknown format`, "save", "-o", out, "--format", "zip", "slf:1")
	expect(t, 1, ``, `no such file or directory`, "save", "-o", filepath.Join(dir, "no", "x.tar"), "slf:1")
	if all, _ := os.ReadDir(dir); len(all) > 0 {
		t.Errorf("left over: %v", all)
	}
	expect(t, 0, ``, ``, "save", "--format", "oci-archive", "-o", out, "slf:1", "slf:2") // one image with two names
	expect(t, 0, "Loaded image: slf:1\nLoaded image: slf:2\n", ``, "load", "-q", "-i", out)
	full := command(t, "save", "slf:1")
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var stderr bytes.Buffer
	full.Stdout, full.Stderr = f, &stderr
	if err := full.Run(); err == nil || !strings.Contains(stderr.String(), "no space left") {
		t.Errorf("to a full disk: %v, %q", err, stderr.String())
	}
	expect(t, 1, ``, `no such file or directory`, "load", "-i", filepath.Join(dir, "nosuch"))
	expect(t, 1, ``, `neither a docker-archive`, "load", "-i", "/dev/null")
	expect(t, 1, ``, `is a directory`, "load", "-i", dir)
	expect(t, 0, `(?s).*`, ``, "rm", img.ID().Encoded()[:12])
	if s, err := state(); err != nil {
		t.Error(err)
	} else if left, _ := os.ReadDir(filepath.Join(s.Root, "tmp")); len(left) > 0 {
		t.Errorf("temporary folders left: %v", left)
	}
	noLeases(t)
}

func TestUsage(t *testing.T) {
	expect(t, 1, ``, `unknown command: frob`, "frob")
	expect(t, 1, ``, `takes no arguments`, "load", "x")
	expect(t, 1, ``, `requires exactly 2 arguments`, "tag", "x")
	expect(t, 1, ``, `requires at least 1 argument`, "rm")
	expect(t, 75, ``, `(?i)/nosuch.sock`, "--address", "/nosuch.sock", "ls")
}
