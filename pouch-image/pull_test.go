package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/ctrd"
	"github.com/pouchcontainer/pouch/pkg/ctrd/engine"
	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/ctrd/imagestore"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/test/harness"
	"github.com/pouchcontainer/pouch/test/registrytest"
)

// noise is a layer's content that no other test has and nothing compresses.
func noise(n int) []byte {
	seed := rand.Uint64()
	src := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), byte(seed >> 24)})
	b := make([]byte, n)
	src.Read(b)
	return b
}

func busybox(t *testing.T, k registrytest.Kind) registrytest.Image {
	t.Helper()
	sh, err := os.ReadFile("/bin/busybox")
	if err != nil {
		t.Skip("needs busybox-static")
	}
	return registrytest.Build(t, k,
		registrytest.Tar(t, registrytest.File{Name: "bin/busybox", Body: sh}, registrytest.File{Name: "bin/sh", Link: "busybox"}),
		registrytest.Tar(t, registrytest.File{Name: "noise", Body: noise(50_000)}))
}

// client is containerd as pouch-run sees it.
func client(t *testing.T) *ctrd.Client {
	t.Helper()
	s, err := state()
	if err != nil {
		t.Fatal(err)
	}
	c := ctrd.Dial(engine.Socket(s), ctrd.Namespace)
	t.Cleanup(func() { c.Close() })
	return c
}

// ctr is what containerd's own client says of the engine of the tests.
func ctr(t *testing.T, args ...string) string {
	t.Helper()
	tree, err := harness.Tree()
	if err != nil {
		t.Fatal(err)
	}
	st, err := state()
	if err != nil {
		t.Fatal(err)
	}
	args = append([]string{"-a", engine.Socket(st), "-n", ctrd.Namespace}, args...)
	out, err := exec.Command(filepath.Join(tree, "bin", "ctr"), args...).Output()
	if err != nil {
		t.Fatalf("ctr %q: %v", args, err)
	}
	return string(out)
}

// noLeases fails when a lease of a fetch is left.
func noLeases(t *testing.T) {
	t.Helper()
	for l := range strings.FieldsSeq(ctr(t, "leases", "ls", "-q")) {
		if strings.HasPrefix(l, images.LeasePrefix) || strings.HasPrefix(l, "partial-") {
			t.Errorf("lease %s is left", l)
		}
	}
}

func TestPull(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	for form, k := range map[string]registrytest.Kind{"oci": {}, "docker": {Docker: true}, "zstd": {Zstd: true}} {
		img := busybox(t, k)
		ref := r.Host + "/" + form + ":1"
		want := r.Push(t, form, "1", img)
		expect(t, 0, regexp.QuoteMeta(ref)+`\n`, `^[0-9a-f]{12}: `, "pull", ref)
		expect(t, 0, regexp.QuoteMeta(ref)+`\n`, `: already here\n`, "pull", ref)
		expect(t, 0, regexp.QuoteMeta(ref)+`\n`, ``, "pull", "-q", ref)
		expect(t, 0, img.ID().String()+`\n`, ``, "inspect", "-f", "{{.Id}}", ref)
		expect(t, 0, img.ID().Encoded()[:12]+`\n`, ``, "ls", "-q", ref)

		got, err := images.Lookup(t.Context(), client(t).Images(), ref)
		if err != nil || got.Digest != want || got.ConfigDigest != img.ID() || got.Ref != ref || got.Config.Config.Labels["kind"] != "test" {
			t.Errorf("%s: lookup: %+v, %v", form, got, err)
			continue
		}
		byID, err := images.Lookup(t.Context(), client(t).Images(), img.ID().Encoded()[:12])
		if err != nil || byID.ChainID != got.ChainID {
			t.Errorf("%s: lookup by id: %+v, %v", form, byID, err)
		}
		if _, err := client(t).Prepare(t.Context(), "test-"+form, got.ChainID.String()); err != nil {
			t.Errorf("%s: the snapshot cannot be used: %v", form, err)
		}
		if err := client(t).RemoveSnapshot(t.Context(), "test-"+form); err != nil {
			t.Error(err)
		}
		expect(t, 0, "(?s)Untagged: .*Deleted: "+img.ID().String()+`\n`, ``, "rm", ref)
		gone(t, got.ChainID.String(), img)
	}
	noLeases(t)
}

// gone fails unless the image's content and snapshot were collected.
func gone(t *testing.T, chainID string, img registrytest.Image) {
	t.Helper()
	if _, err := client(t).Mounts(t.Context(), chainID); err == nil {
		t.Errorf("snapshot %s is left", chainID)
	}
	for _, b := range append(img.Layers[1:], img.Config, img.Manifest) { // the first layer may be another image's
		if has(t, digest.FromBytes(b)) {
			t.Errorf("blob %s is left", digest.FromBytes(b))
		}
	}
}

func has(t *testing.T, d digest.Digest) bool {
	t.Helper()
	s, err := imagestore.Open(client(t).Address, ctrd.Namespace)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	sess, err := s.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer sess.End(context.Background())
	_, ok, err := sess.Size(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func TestLookupErrors(t *testing.T) {
	pouch(t, "ls") // starts the engine
	for ref, kind := range map[string]errs.Kind{"nosuch": errs.NotFound, "ffffffff": errs.NotFound, "BAD:1": errs.Invalid, "": errs.Invalid} {
		if _, err := images.Lookup(t.Context(), client(t).Images(), ref); !errs.Is(err, kind) {
			t.Errorf("%q: %v, want kind %s", ref, err, kind)
		}
	}
}

func TestPullIndex(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	mine, other := busybox(t, registrytest.Kind{}), busybox(t, registrytest.Kind{Arch: "s390x"})
	index := r.Push(t, "multi", "1", other, mine)
	ref := r.Host + "/multi:1"
	expect(t, 0, regexp.QuoteMeta(ref)+`\n`, ``, "pull", "-q", "--platform", "linux/s390x", ref)
	expect(t, 0, "s390x "+other.ID().String()+`\n`, ``, "inspect", "-f", "{{.Architecture}} {{.Id}}", ref)
	expect(t, 0, regexp.QuoteMeta(ref)+`\n`, ``, "pull", "-q", ref)
	expect(t, 0, mine.ID().String()+" "+index.String()+`\n`, ``, "inspect", "-f", "{{.ID}} {{.Descriptor.Digest}}", ref)
	byDigest := r.Host + "/multi@" + index.String()
	expect(t, 0, regexp.QuoteMeta(byDigest)+`\n`, ``, "pull", "-q", byDigest)
	expect(t, 1, ``, `no image found|linux`, "pull", "--platform", "linux/riscv64", ref)
	expect(t, 1, ``, `only linux images`, "pull", "--platform", "windows/amd64", ref)
	expect(t, 0, `(?s).*`, ``, "rm", ref, byDigest)
}

func TestPullFails(t *testing.T) {
	img := busybox(t, registrytest.Kind{})
	twisted := append([]byte{img.Layers[1][0]}, img.Layers[1]...)[:len(img.Layers[1])]
	open := registrytest.Start(t, registrytest.Options{})
	open.Push(t, "x", "1", img)
	locked := registrytest.Start(t, registrytest.Options{TLS: true, User: "joe", Password: "right"})
	locked.Push(t, "x", "1", img)
	liar := registrytest.Start(t, registrytest.Options{Front: func(w http.ResponseWriter, q *http.Request, upstream http.Handler) {
		if strings.Contains(q.URL.Path, "/blobs/"+digest.FromBytes(img.Layers[1]).String()) {
			w.Write(twisted)
			return
		}
		upstream.ServeHTTP(w, q)
	}})
	liar.Push(t, "x", "1", img)
	down := registrytest.Start(t, registrytest.Options{Front: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}})
	silent := registrytest.Start(t, registrytest.Options{Front: func(_ http.ResponseWriter, q *http.Request, _ http.Handler) { <-q.Context().Done() }})

	expect(t, 1, ``, `^pouch-image: pull `+open.Host+`/x:2: .*manifest unknown.*\n\z`, "pull", open.Host+"/x:2")
	expect(t, 77, ``, `^pouch-image: pull `+locked.Host+`/x:1: .*\n\z`, "pull", "--cert-dir", locked.CertDir, "--creds", "joe:wrong", locked.Host+"/x:1")
	expect(t, 0, `.*\n`, ``, "pull", "-q", "--cert-dir", locked.CertDir, "--creds", "joe:right", locked.Host+"/x:1")
	expect(t, 0, `(?s).*`, ``, "rm", locked.Host+"/x:1")
	expect(t, 65, ``, `digest`, "pull", "-q", liar.Host+"/x:1")
	expect(t, 75, ``, `503`, "pull", "--retry", "0", down.Host+"/x:1")
	expect(t, 75, ``, `refused`, "pull", "127.0.0.1:1/x:1")
	expect(t, 75, ``, `not done after 200ms`, "pull", "--deadline", "200ms", silent.Host+"/x:1")
	expect(t, 1, ``, `must be lowercase`, "pull", "BAD:1")
	expect(t, 1, ``, `requires at least 1 argument`, "pull")
	expect(t, 1, ``, `unknown flag: --foo`, "pull", "--foo", "x")
	expect(t, 0, ``, ``, "ls", "-q", liar.Host+"/x")
	expect(t, 0, ``, `reclaimed space`, "prune", "-f") // what came of the liar's image
	noLeases(t)
}

// A layer that unpacks to something else than the config says is refused, and
// one that wants out stays in.
func TestHostileLayers(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	mark := fmt.Sprintf("/tmp/pouch-escape-%d", os.Getpid())
	evil := registrytest.Build(t, registrytest.Kind{}, registrytest.Tar(t,
		registrytest.File{Name: "../../../../../../../../../.." + mark, Body: []byte("x")},
		registrytest.File{Name: "out", Link: "/tmp"},
		registrytest.File{Name: "out/" + filepath.Base(mark), Body: []byte("x")}))
	r.Push(t, "evil", "1", evil)
	pouch(t, "pull", "-q", r.Host+"/evil:1") // whatever it says
	if _, err := os.Lstat(mark); err == nil {
		os.Remove(mark)
		t.Error("a layer wrote outside of its snapshot")
	}
	pouch(t, "rm", r.Host+"/evil:1")

	wrong := busybox(t, registrytest.Kind{})
	var conf map[string]any
	if err := json.Unmarshal(wrong.Config, &conf); err != nil {
		t.Fatal(err)
	}
	conf["rootfs"].(map[string]any)["diff_ids"].([]any)[1] = digest.FromString("another").String()
	old := wrong.ID()
	wrong.Config, _ = json.Marshal(conf)
	wrong.Manifest = bytes.Replace(wrong.Manifest, []byte(old), []byte(wrong.ID()), 1)
	wrong.Manifest = regexp.MustCompile(`("digest":"`+wrong.ID().String()+`","size":)\d+`).ReplaceAll(wrong.Manifest, fmt.Appendf(nil, "${1}%d", len(wrong.Config)))
	r.Push(t, "wrong", "1", wrong)
	expect(t, 65, ``, `unpacks to`, "pull", "-q", r.Host+"/wrong:1")
	expect(t, 0, ``, ``, "ls", "-q", r.Host+"/wrong")
	noLeases(t)
}

// Pulls of one image at once all work, and each layer comes once.
func TestPullsAtOnce(t *testing.T) {
	img := busybox(t, registrytest.Kind{})
	g := registrytest.NewGate()
	r := registrytest.Start(t, registrytest.Options{Front: g.Front})
	r.Push(t, "twins", "1", img)
	ref := r.Host + "/twins:1"
	pouch(t, "ls")
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if r := pouch(t, "pull", "-q", ref); r.code != 0 {
				t.Errorf("exit %d: %s", r.code, r.stderr)
			}
		})
	}
	wg.Wait()
	most := 6 * len(img.Config)
	for _, l := range img.Layers {
		most += len(l)
	}
	if got := g.Sent(); got > most {
		t.Errorf("%d bytes were sent, each layer once is %d", got, most)
	}
	expect(t, 0, img.ID().Encoded()[:12]+`\n`, ``, "ls", "-q", ref)
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", ref)
	noLeases(t)
}

// collects is how long containerd may take to collect: the longer a collection took, the
// longer it puts the next one off, fifty times as long and more.
const collects = 10 * time.Minute

// noActiveSnapshots waits until containerd has collected what a dead pull held.
func noActiveSnapshots(t *testing.T) {
	t.Helper()
	var left []string
	for end := time.Now().Add(collects); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		o, err := client(t).Objects(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if left = o.Snapshots; len(left) == 0 {
			return
		}
	}
	t.Errorf("active snapshots are left: %q", left)
}

// A pull that is killed leaves nothing in the list; the next one works, and
// clears up.
func TestKilledPull(t *testing.T) {
	img := busybox(t, registrytest.Kind{})
	var hold atomic.Bool
	var once sync.Once
	held := make(chan struct{})
	path := "/blobs/" + digest.FromBytes(img.Layers[1]).String()
	r := registrytest.Start(t, registrytest.Options{Front: func(w http.ResponseWriter, q *http.Request, upstream http.Handler) {
		if strings.Contains(q.URL.Path, path) && hold.Load() {
			w.Header().Set("Content-Length", fmt.Sprint(len(img.Layers[1])))
			w.Write(img.Layers[1][:20_000])
			w.(http.Flusher).Flush()
			once.Do(func() { close(held) })
			<-q.Context().Done()
			return
		}
		upstream.ServeHTTP(w, q)
	}})
	r.Push(t, "killed", "1", img)
	ref := r.Host + "/killed:1"
	pouch(t, "ls")
	hold.Store(true)
	c := command(t, "pull", "-q", ref)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-held:
	case <-time.After(2 * time.Minute):
		t.Error("the pull does not come to the second layer")
	}
	c.Process.Kill()
	c.Wait()
	expect(t, 0, ``, ``, "ls", "-q", ref)
	dead, err := images.Partial(t.Context(), client(t).Conn, ctrd.Namespace, ref)
	if err != nil || len(dead) != 1 {
		t.Errorf("leases of the dead pull: %v, %v", dead, err)
	}
	hold.Store(false)
	expect(t, 0, `.*\n`, ``, "pull", "-q", ref)
	expect(t, 0, img.ID().String()+`\n`, ``, "inspect", "-f", "{{.Id}}", ref)
	noLeases(t)
	noActiveSnapshots(t)
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", ref)
}

// An interrupted pull says nothing, leaves nothing, and tells by its code.
func TestInterruptedPull(t *testing.T) {
	asked := make(chan struct{}, 100)
	r := registrytest.Start(t, registrytest.Options{Front: func(_ http.ResponseWriter, q *http.Request, _ http.Handler) {
		asked <- struct{}{}
		<-q.Context().Done()
	}})
	c := command(t, "pull", r.Host+"/x:1")
	var out, stderr bytes.Buffer
	c.Stdout, c.Stderr = &out, &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	<-asked
	c.Process.Signal(os.Interrupt)
	c.Wait()
	if got := c.ProcessState.ExitCode(); got != 130 || out.Len()+stderr.Len() > 0 {
		t.Errorf("exit %d, stdout %q, stderr %q", got, out.String(), stderr.String())
	}
	noLeases(t)
}
