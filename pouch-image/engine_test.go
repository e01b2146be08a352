package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctrd/engine"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/test/registrytest"
)

// containerd is the process of the tests' engine.
func containerd(t *testing.T) record.Proc {
	t.Helper()
	pouch(t, "ls")
	s, err := state()
	if err != nil {
		t.Fatal(err)
	}
	p, err := engine.Status(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// An engine that hangs is told of in time.
func TestEngineHangs(t *testing.T) {
	p := containerd(t)
	if err := proc.Signal(p, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer proc.Signal(p, unix.SIGCONT)
	start := time.Now()
	var wg sync.WaitGroup
	for _, args := range [][]string{{"ls"}, {"rm", "x"}, {"inspect", "x"}, {"tag", "x", "y"}, {"save", "x"}, {"pull", "127.0.0.1:1/x"}} {
		wg.Go(func() {
			r := pouch(t, args...)
			if r.code != 75 && args[0] != "rm" && args[0] != "inspect" || r.code == 0 || !strings.Contains(r.stderr, "does not answer") || strings.Count(r.stderr, "\n") != 1 {
				t.Errorf("%v: %+v", args, r)
			}
		})
	}
	wg.Wait()
	if d := time.Since(start); d > 150*time.Second {
		t.Errorf("it took %v", d)
	}
}

// An engine that is killed in the middle of a pull ends the pull; the next
// command has a new engine, and the next pull works.
func TestEngineDies(t *testing.T) {
	img := busybox(t, registrytest.Kind{})
	var hold atomic.Bool
	hold.Store(true)
	held := make(chan struct{}, 10)
	path := "/blobs/" + digest.FromBytes(img.Layers[1]).String()
	r := registrytest.Start(t, registrytest.Options{Front: func(w http.ResponseWriter, q *http.Request, upstream http.Handler) {
		if hold.Load() && strings.Contains(q.URL.Path, path) {
			w.Header().Set("Content-Length", fmt.Sprint(len(img.Layers[1])))
			w.Write(img.Layers[1][:10])
			w.(http.Flusher).Flush()
			held <- struct{}{}
			<-q.Context().Done()
			return
		}
		upstream.ServeHTTP(w, q)
	}})
	r.Push(t, "dies", "1", img)
	ref := r.Host + "/dies:1"
	p := containerd(t)
	go func() {
		<-held
		proc.Signal(p, unix.SIGKILL)
	}()
	got := pouch(t, "pull", "-q", ref)
	if got.code != 75 || strings.Count(got.stderr, "\n") != 1 {
		t.Errorf("pull: %+v", got)
	}
	hold.Store(false)
	expect(t, 0, ``, ``, "ls", "-q", ref)
	expect(t, 0, `.*\n`, ``, "pull", "-q", ref)
	expect(t, 0, img.ID().String()+`\n`, ``, "inspect", "-f", "{{.Id}}", ref)
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", ref)
	noLeases(t)
}
