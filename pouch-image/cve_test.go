package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/test/registrytest"
)

// What went wrong in other programs for images, by its number. Those that are about
// one document or one layer are in the tables of TestHostileDocuments,
// TestHostileHeaders, TestHostileEntries and TestHostileAttributes.

// CVE-2019-13509: passwords stood in the log of --debug.
func TestCVE_2019_13509(t *testing.T) {
	const secret = "pass-that-nobody-else-has"
	coded := base64.StdEncoding.EncodeToString([]byte("u:" + secret))
	for name, o := range map[string]registrytest.Options{"basic": {User: "u", Password: secret}, "token": {User: "u", Password: secret, Token: true}, "wrong": {User: "u", Password: "x"}} {
		r := registrytest.Start(t, o)
		r.Push(t, "x", "1", busybox(t, registrytest.Kind{}))
		c := command(t, "--debug", "pull", "--creds", "u:"+secret, r.Host+"/x:1")
		got := do(t, c)
		if (got.code == 0) != (name != "wrong") {
			t.Errorf("%s: %+v", name, got)
		}
		if all := got.out + got.stderr; strings.Contains(all, secret) || strings.Contains(all, coded) {
			t.Errorf("%s: the password is told: %s", name, all)
		}
		pouch(t, "rm", r.Host+"/x:1")
	}
	expect(t, 0, ``, `reclaimed`, "prune", "-f")
}

// CVE-2020-15157: a layer that lies elsewhere got the registry's credentials. Nor is a
// file of this host a layer.
func TestCVE_2020_15157(t *testing.T) {
	img := busybox(t, registrytest.Kind{})
	file := filepath.Join(t.TempDir(), "layer")
	if err := os.WriteFile(file, img.Layers[1], 0o600); err != nil {
		t.Fatal(err)
	}
	var asked, leaked atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		asked.Add(1)
		if q.Header.Get("Authorization") != "" {
			leaked.Add(1)
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="give it to me"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer other.Close()
	for _, at := range []string{other.URL + "/layer", "file://" + file, file} {
		foreign := edited(t, img, func(m *ocispec.Manifest) {
			m.Layers[1].URLs = []string{at}
			m.Layers[1].MediaType = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
		})
		s := served{"1": foreign}
		auth := registrytest.Options{User: "u", Password: "p", Front: s.front}
		r := registrytest.Start(t, auth)
		r.Push(t, "x", "good", img)
		got := pouch(t, "pull", "-q", "--retry", "0", "--creds", "u:p", r.Host+"/x:1")
		if got.code == 0 && at != file && !strings.HasPrefix(at, "file") {
			t.Errorf("%s: %+v", at, got)
		}
		if strings.HasPrefix(at, "file") && asked.Load() == 0 {
			t.Errorf("the other host was never asked: %+v", got)
		}
		pouch(t, "rm", r.Host+"/x:1")
	}
	if leaked.Load() > 0 {
		t.Error("the password went to another host")
	}
	expect(t, 0, ``, `reclaimed`, "prune", "-f")
}

// archived is a tar archive of files; gzip compresses it.
func archived(t *testing.T, files ...registrytest.File) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.tar.gz")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := gzip.NewWriter(f)
	z.Write(registrytest.Tar(t, files...))
	z.Close()
	return path
}

// CVE-2023-25153: an archive's document was read whole, however large.
func TestCVE_2023_25153(t *testing.T) {
	const most = 100 << 10 // KiB
	huge := append([]byte(`{"manifests":[]`), bytes.Repeat([]byte(" "), 128<<20)...)
	for _, name := range []string{"index.json", "manifest.json"} {
		got, used := measured(t, command(t, "load", "-q", "-i", archived(t, registrytest.File{Name: name, Body: huge})))
		if got.code != 65 || strings.Count(got.stderr, "\n") != 1 || name == "index.json" && !strings.Contains(got.stderr, "larger than 4194304 bytes") {
			t.Errorf("%s: %+v", name, got)
		}
		if used > most {
			t.Errorf("%s: it took %d KiB of memory", name, used)
		}
	}
	if left, _ := os.ReadDir(filepath.Join(base, "l", "tmp")); len(left) > 0 {
		t.Errorf("temporary folders left: %v", left)
	}
}

// CVE-2024-24557: what an archive calls its content was believed.
func TestCVE_2024_24557(t *testing.T) {
	pulled(t, "poison:1", registrytest.Kind{})
	oci := filepath.Join(t.TempDir(), "a.oci")
	expect(t, 0, ``, ``, "save", "--format", "oci-archive", "-o", oci, "poison:1")
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", "poison:1")
	expect(t, 0, ``, `reclaimed`, "prune", "-f")
	data, err := os.ReadFile(oci)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		body = bytes.Replace(body, []byte(`"/bin/sh"`), []byte(`"/bin/no"`), 1) // the config alone has it
		w.WriteHeader(h)
		w.Write(body)
	}
	w.Close()
	if err := os.WriteFile(oci, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, 65, ``, `digest`, "load", "-q", "-i", oci)
	expect(t, 1, ``, ``, "exists", "poison:1")
}

// CVE-2024-25621, CVE-2021-41103, CVE-2021-21284: users of the host saw, or changed,
// what is in images.
func TestCVE_2024_25621(t *testing.T) {
	pulled(t, "modes:1", registrytest.Kind{})
	for _, root := range []string{"l", "r"} {
		filepath.WalkDir(filepath.Join(base, root), func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.Type()&(fs.ModeSymlink|fs.ModeSocket) != 0 {
				return nil
			}
			st, err := e.Info()
			if err != nil {
				return nil
			}
			mode := st.Mode().Perm()
			if mode&0o022 != 0 || e.IsDir() && mode&0o044 != 0 && filepath.Base(path) != "containers" {
				t.Errorf("%s: mode %o", path, mode)
			}
			if filepath.Base(path) == "engine" && e.IsDir() {
				if mode != 0o700 {
					t.Errorf("%s: mode %o", path, mode)
				}
				return fs.SkipDir // nobody else gets into it
			}
			return nil
		})
	}
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", "modes:1")
}

// CVE-2025-6032: a certificate was not looked at when an image was fetched.
func TestCVE_2025_6032(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{TLS: true})
	r.Push(t, "x", "1", busybox(t, registrytest.Kind{}))
	var through atomic.Int32
	proxy := tunnels(t, r.Host, &through)
	c := command(t, "pull", "-q", "--retry", "0", registrytest.Name+"/x:1")
	c.Env = append(c.Env, "HTTPS_PROXY="+proxy.URL)
	if got := do(t, c); got.code != 77 || !strings.Contains(got.stderr, "certificate") || through.Load() == 0 {
		t.Errorf("%+v", got)
	}
}

// CVE-2025-11395, CVE-2026-17106: what is loaded or imported wrote outside.
func TestCVE_2025_11395(t *testing.T) {
	settledContent(t)
	victim := t.TempDir()
	kept := filepath.Join(victim, "kept")
	if err := os.WriteFile(kept, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	up := "../../../../../../../../../.."
	evil := registrytest.Tar(t,
		registrytest.File{Name: up + victim + "/new", Body: []byte("x")}, registrytest.File{Name: victim + "/new", Body: []byte("x")},
		registrytest.File{Name: "out", Link: victim}, registrytest.File{Name: "out/kept", Body: []byte("x")}, registrytest.File{Name: "out/new", Body: []byte("x")})
	before := outside(t, victim)
	c := command(t, "import", "-", "evil:1")
	c.Stdin = bytes.NewReader(evil)
	if got := do(t, c); got.code != 0 && got.code != 65 {
		t.Errorf("import: %+v", got)
	}
	pouch(t, "rm", "evil:1")
	manifest := `[{"Config":"c.json","RepoTags":["evil:1"],"Layers":["l.tar"]}]`
	for name, files := range map[string][]registrytest.File{
		"a link to a file":     {{Name: "manifest.json", Body: []byte(manifest)}, {Name: "c.json", Link: kept}, {Name: "l.tar", Link: kept}},
		"names that climb":     {{Name: "manifest.json", Body: []byte(strings.NewReplacer("c.json", up+kept, "l.tar", up+kept).Replace(manifest))}},
		"files that climb":     {{Name: up + victim + "/new", Body: []byte("x")}, {Name: "manifest.json", Body: []byte("[]")}},
		"a manifest elsewhere": {{Name: "manifest.json", Link: kept}},
	} {
		got := pouch(t, "load", "-q", "-i", archived(t, files...))
		if got.code == 0 || strings.Contains(got.stderr, "mine") {
			t.Errorf("load of %s: %+v", name, got)
		}
	}
	unchanged(t, before, outside(t, victim))
	expect(t, 0, ``, `reclaimed`, "prune", "-f")
}

// CVE-2026-53493: what a manifest notes of its layers became labels of snapshots.
func TestCVE_2026_53493(t *testing.T) {
	img := busybox(t, registrytest.Kind{})
	note := map[string]string{
		"containerd.io/snapshot/uidmapping": "0:100000:65536", "containerd.io/snapshot/gidmapping": "0:100000:65536",
		"containerd.io/gc.root": "x", "containerd.io/restart.status": "running",
	}
	s := served{"1": edited(t, img, func(m *ocispec.Manifest) {
		m.Annotations = note
		for i := range m.Layers {
			m.Layers[i].Annotations = note
		}
	})}
	r := registrytest.Start(t, registrytest.Options{Front: s.front})
	r.Push(t, "x", "good", img)
	ref := r.Host + "/x:1"
	expect(t, 0, `.*\n`, ``, "pull", "-q", ref)
	got, err := images.Lookup(t.Context(), client(t).Images(), ref)
	if err != nil {
		t.Fatal(err)
	}
	var snapshot struct{ Labels map[string]string }
	if err := json.Unmarshal([]byte(ctr(t, "snapshots", "info", got.ChainID.String())), &snapshot); err != nil {
		t.Fatal(err)
	}
	for k := range note {
		if _, ok := snapshot.Labels[k]; ok {
			t.Errorf("the snapshot has the image's label %s", fmt.Sprint(k))
		}
	}
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", ref)
}
