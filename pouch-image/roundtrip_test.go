package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

// peer runs another program, of Debian's, which must succeed, and returns what it printed.
// Its files are below dir.
func peer(t *testing.T, dir string, args ...string) string {
	t.Helper()
	c := exec.Command(args[0], args[1:]...)
	c.Env = append(os.Environ(), "HOME="+dir, "CONTAINERS_CONF="+filepath.Join(dir, "containers.conf"), "TMPDIR="+dir)
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	if err := c.Run(); err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(args, " "), err, said.String())
	}
	return out.String()
}

// needs skips the test where a program is not.
func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("needs %s", program)
	}
}

// forms are the images that go around, by what is special in them.
func forms() map[string]registrytest.Kind {
	return map[string]registrytest.Kind{"oci": {}, "docker": {Docker: true}, "zstd": {Zstd: true}}
}

// TestSkopeo: an image that skopeo has put anywhere is the same here, and what is written
// here skopeo reads as the same.
func TestSkopeo(t *testing.T) {
	needs(t, "skopeo")
	for form, k := range forms() {
		t.Run(form, func(t *testing.T) {
			r := registrytest.Start(t, registrytest.Options{})
			img := busybox(t, k)
			r.Push(t, "x", "1", img)
			expect(t, 0, `.*\n`, ``, "copy", "-q", "docker://"+r.Host+"/x:1", "containerd:sk/x:1")
			dir := t.TempDir()
			theirs, ours := filepath.Join(dir, "theirs-"), filepath.Join(dir, "ours-")
			name := ":sk/x:1"
			kept := map[string]string{"dir:": "dir", "oci:": "oci" + name, "oci-archive:": "oci.tar" + name}
			if form == "docker" { // a layout has no docker manifest: skopeo makes another
				kept = map[string]string{"dir:": "dir"}
			}
			for transport, file := range kept {
				peer(t, dir, "skopeo", "--insecure-policy", "copy", "-q", "--src-tls-verify=false", "docker://"+r.Host+"/x:1", transport+theirs+file)
				expect(t, 0, img.Digest().String()+`\n`, ``, "copy", "-q", transport+theirs+file, "containerd:sk/back:1")
				expect(t, 0, img.ID().String()+" "+img.Digest().String()+`\n`, ``, "inspect", "-f", "{{.ID}} {{.Descriptor.Digest}}", "sk/back:1")
				expect(t, 0, `Untagged: sk/back:1\n`, ``, "rm", "sk/back:1")
				expect(t, 0, img.Digest().String()+`\n`, ``, "copy", "-q", "sk/x:1", transport+ours+file)
				if raw := peer(t, dir, "skopeo", "inspect", "--raw", transport+ours+file); raw != string(img.Manifest) {
					t.Errorf("skopeo reads from %s%s: %s", transport, file, raw)
				}
			}
			expect(t, 0, ``, ``, "save", "-o", ours+"docker.tar", "sk/x:1")
			raw := peer(t, dir, "skopeo", "inspect", "--raw", "docker-archive:"+ours+"docker.tar"+name)
			if !strings.Contains(raw, img.ID().String()) {
				t.Errorf("skopeo reads another config from a docker-archive: %s", raw)
			}
			peer(t, dir, "skopeo", "--insecure-policy", "copy", "-q", "docker-archive:"+ours+"docker.tar"+name, "docker-archive:"+theirs+"docker.tar"+name)
			expect(t, 0, `Untagged: sk/x:1\nDeleted: .*\n`, ``, "rm", "sk/x:1")
			expect(t, 0, "Loaded image: sk/x:1\n", ``, "load", "-q", "-i", theirs+"docker.tar")
			expect(t, 0, img.ID().String()+`\n`, ``, "inspect", "-f", "{{.Id}}", "sk/x:1")
			expect(t, 0, `Untagged: sk/x:1\nDeleted: .*\n`, ``, "rm", "sk/x:1")
		})
	}
	noLeases(t)
	nothingStored(t)
}

// A word alone after the archive's name is a tag, which names no image here.
func TestSkopeoTagAlone(t *testing.T) {
	needs(t, "skopeo")
	r := registrytest.Start(t, registrytest.Options{})
	img := busybox(t, registrytest.Kind{})
	r.Push(t, "x", "1", img)
	dir := t.TempDir()
	for name, packers := range map[string][]string{"": {"gzip", "xz"}, ":latest": {"zstd", "bzip2"}} {
		tar := filepath.Join(dir, "x"+strings.TrimPrefix(name, ":")+".tar")
		peer(t, dir, "skopeo", "--insecure-policy", "copy", "-q", "--src-tls-verify=false", "docker://"+r.Host+"/x:1", "oci-archive:"+tar+name)
		for _, pack := range packers {
			needs(t, pack)
			peer(t, dir, "sh", "-c", pack+` -c "$0" > "$0.`+pack+`"`, tar)
			expect(t, 0, "Loaded image ID: "+img.ID().String()+"\n", ``, "load", "-q", "-i", tar+"."+pack)
			expect(t, 0, "Deleted: "+img.ID().String()+"\n", ``, "rm", img.ID().Encoded()[:12])
		}
	}
}

// podman is a podman with a store of its own.
func podman(t *testing.T) (dir string, run func(args ...string) string) {
	t.Helper()
	needs(t, "podman")
	dir = t.TempDir()
	conf := "[engine]\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"none\"\n"
	if err := os.WriteFile(filepath.Join(dir, "containers.conf"), []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	in := filepath.Join(dir, "podman")
	return dir, func(args ...string) string {
		t.Helper()
		return peer(t, dir, append([]string{"podman", "--root", in + "/root", "--runroot", in + "/run", "--tmpdir", in + "/tmp", "--storage-driver", "vfs"}, args...)...)
	}
}

// TestPodman: what is saved here podman loads, and what podman saves is loaded here, one
// image or several, in each of its formats, with the same ids.
func TestPodman(t *testing.T) {
	dir, run := podman(t)
	images := map[string]registrytest.Image{}
	var names []string
	for form, k := range forms() {
		name := "docker.io/pod/" + form + ":1"
		names = append(names, name)
		images[name] = pulled(t, name, k)
	}
	file := func(name string) string { return filepath.Join(dir, name) }
	id := func(name string) string { return images[name].ID().Encoded() }
	same := func(name string) {
		t.Helper()
		expect(t, 0, "sha256:"+id(name)+`\n`, ``, "inspect", "-f", "{{.Id}}", name)
	}

	expect(t, 0, ``, ``, append([]string{"save", "-o", file("ours.tar")}, names...)...)
	run("load", "-q", "-i", file("ours.tar"))
	for _, n := range names {
		if got := strings.TrimSpace(run("image", "inspect", "-f", "{{.Id}}", n)); got != id(n) {
			t.Errorf("podman loads %s as %s, it is %s", n, got, id(n))
		}
		run("rmi", n)
		expect(t, 0, ``, ``, "save", "--format", "oci-archive", "-o", file("oci.tar"), n)
		run("load", "-q", "-i", file("oci.tar"))
		if got := strings.TrimSpace(run("image", "inspect", "-f", "{{.Id}}", n)); got != id(n) {
			t.Errorf("podman loads %s of an oci-archive as %s, it is %s", n, got, id(n))
		}
	}

	expect(t, 0, `(?s).*`, ``, append([]string{"rm"}, names...)...)
	// podman keeps layers as they are, and docker's manifests know no zstd.
	plain := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return strings.Contains(n, "zstd") })
	run(append([]string{"save", "-q", "-m", "-o", file("all.tar")}, plain...)...)
	loaded := expect(t, 0, `(Loaded image: pod/\w+:1\n){2}`, ``, "load", "-q", "-i", file("all.tar"))
	for _, n := range plain {
		if !strings.Contains(loaded.out, strings.TrimPrefix(n, "docker.io/")) {
			t.Errorf("%s is not loaded: %s", n, loaded.out)
		}
		same(n)
	}
	expect(t, 0, `(?s).*`, ``, append([]string{"rm"}, plain...)...)

	for _, n := range names {
		for format, transport := range map[string]string{"docker-archive": "", "oci-archive": "", "docker-dir": "dir:", "oci-dir": "oci:"} {
			if strings.HasPrefix(format, "docker") && !slices.Contains(plain, n) {
				continue
			}
			at := file(format + "-" + id(n))
			run("save", "-q", "--format", format, "-o", at, n)
			if transport == "" {
				expect(t, 0, "Loaded image: "+strings.TrimPrefix(n, "docker.io/")+"\n", ``, "load", "-q", "-i", at)
			} else {
				expect(t, 0, `sha256:\S+\n`, ``, "copy", "-q", transport+at, "containerd:"+n)
			}
			same(n)
			expect(t, 0, `(?s).*Deleted.*`, ``, "rm", n)
		}
	}
	nameless := file("nameless.tar")
	run("save", "-q", "-o", nameless, id(plain[0]))
	expect(t, 0, "Loaded image ID: sha256:"+id(plain[0])+"\n", ``, "load", "-q", "-i", nameless)
	expect(t, 0, "Deleted: sha256:"+id(plain[0])+"\n", ``, "rm", id(plain[0])[:12])
	noLeases(t)
	nothingStored(t)
}
