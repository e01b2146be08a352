package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

// TestAnswers: whatever verb it is, the error tells which registry answered what, for 401
// and 403 whose credentials were sent, and the exit code what to do.
func TestAnswers(t *testing.T) {
	var status atomic.Int32
	r := registrytest.Start(t, registrytest.Options{Front: func(w http.ResponseWriter, q *http.Request, upstream http.Handler) {
		if code := status.Load(); code != 0 && q.URL.Path != "/v2/" {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(int(code))
			return
		}
		upstream.ServeHTTP(w, q)
	}})
	calm := registrytest.Start(t, registrytest.Options{})
	img := busybox(t, registrytest.Kind{})
	r.Push(t, "a/x", "1", img)
	calm.Push(t, "x", "1", img)
	ref := r.Host + "/a/x:1"
	expect(t, 0, ref+`\n`, ``, "pull", "-q", ref)
	auth := filepath.Join(t.TempDir(), "auth.json")
	if err := os.WriteFile(auth, []byte(`{"auths":{"`+r.Host+`/a":{"auth":"am9lOnNlY3JldA=="}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	whose := "; credentials: entry " + r.Host + "/a of " + auth
	verbs := [][]string{
		{"pull", ref},
		{"push", "-q", ref, r.Host + "/a/new:1"},
		{"copy", "-q", "docker://" + ref, "dir:" + t.TempDir()},
		{"copy", "-q", "docker://" + ref, "docker://" + calm.Host + "/new:1"},
		{"copy", "-q", "docker://" + calm.Host + "/x:1", "docker://" + r.Host + "/a/new:1"},
		{"inspect", "docker://" + ref},
		{"list-tags", r.Host + "/a/x"},
		{"lock", ref},
		{"delete", "docker://" + ref, "docker://" + ref},
		{"search", r.Host + "/word"},
	}
	for code, want := range map[int]int{401: 77, 403: 77, 404: 1, 429: 75, 503: 75} {
		status.Store(int32(code))
		for _, v := range verbs {
			args := append([]string{v[0], "--retry", "0", "--authfile", auth}, v[1:]...)
			says := regexp.QuoteMeta(fmt.Sprintf("registry %s answered %d %s", r.Host, code, http.StatusText(code)))
			switch {
			case code == 404 && v[0] == "delete":
				says = `(?i)may not exist`
			case want == 77:
				says += regexp.QuoteMeta(whose)
			}
			got := expect(t, want, ``, says, args...)
			if strings.Contains(got.stderr, "level=") || strings.Contains(got.stderr, `, ""`) || strings.Contains(got.stderr, "secret") {
				t.Errorf("%v, %d: %s", v, code, got.stderr)
			}
		}
	}
	status.Store(0)
	expect(t, 0, `(?s).*`, ``, "rm", ref)
	noLeases(t)
}

// TestLoginAnswers: a registry that does not answer is not one that refuses.
func TestLoginAnswers(t *testing.T) {
	var status atomic.Int32
	r := registrytest.Start(t, registrytest.Options{Front: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(int(status.Load()))
	}})
	auth := filepath.Join(t.TempDir(), "auth.json")
	for code, want := range map[int]int{401: 77, 403: 77, 429: 75, 503: 75} {
		status.Store(int32(code))
		expect(t, want, ``, fmt.Sprintf("log in to %s as u: .*%d %s", r.Host, code, http.StatusText(code)), "login", "-u", "u", "-p", "x", "--authfile", auth, r.Host)
	}
	if _, err := os.Stat(auth); err == nil {
		t.Error("credentials that nobody accepted were kept")
	}
}
