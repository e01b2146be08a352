package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

// TestCopy: an image goes from a registry through every kind of place and back,
// and is the same.
func TestCopy(t *testing.T) {
	a, b := registrytest.Start(t, registrytest.Options{}), registrytest.Start(t, registrytest.Options{})
	img := busybox(t, registrytest.Kind{})
	want := a.Push(t, "app", "1", img).String()
	dir := t.TempDir()
	last := "docker://" + a.Host + "/app:1"
	for _, place := range []string{
		"dir:" + filepath.Join(dir, "dir"),
		"oci:" + filepath.Join(dir, "oci") + ":app",
		"oci-archive:" + filepath.Join(dir, "oci.tar") + ":app:1",
		"containerd:copied:1",
		"docker://" + b.Host + "/other/app:2",
	} {
		expect(t, 0, want+"\n", "", "copy", "-q", last, place)
		last = place
	}
	expect(t, 0, "(?s).*"+img.ID().String()+".*", "", "inspect", "copied:1")
	expect(t, 0, "(?s).*\"Digest\": \""+want+"\".*", "", "inspect", last)
	expect(t, 0, "(?s)Untagged: copied:1\n.*", "", "rm", "copied:1")

	// What is copied again is not sent again: an archive that is there stays.
	expect(t, 1, "", "oci.tar exists already", "copy", "-q", last, "oci-archive:"+filepath.Join(dir, "oci.tar"))
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	expect(t, 1, "", "no transport \"http\"", "copy", "http://x/y", last)
	for flag, says := range map[string]string{"--format=v2s2": "convert", "--compress=zstd": "convert", "--force-compression": "convert", "--sign-by=A": "no signatures", "--sign-by-sigstore-private-key=k": "no signatures"} {
		expect(t, 1, "", "into containerd as it is: .*"+says+"|containerd keeps "+says, "copy", "-q", flag, last, "containerd:copied:2")
	}
	expect(t, 1, "", "both are in containerd", "copy", "a", "b")
}

// TestDockerArchive has its layers plain, and comes back as another manifest of
// the same image.
func TestDockerArchive(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	img := busybox(t, registrytest.Kind{Docker: true})
	r.Push(t, "app", "1", img)
	tar := filepath.Join(t.TempDir(), "a.tar")
	digestfile := tar + ".digest"
	got := expect(t, 0, "sha256:[0-9a-f]{64}\n", "", "copy", "-q", "--digestfile", digestfile, "docker://"+r.Host+"/app:1", "docker-archive:"+tar+":app:1")
	data, err := os.ReadFile(digestfile)
	if err != nil || string(data)+"\n" != got.out {
		t.Errorf("digestfile: %q %v", data, err)
	}
	expect(t, 0, ".*app:1\n", "", "load", "-q", "-i", tar)
	expect(t, 0, "(?s).*"+img.ID().String()+".*", "", "inspect", "app:1")
	expect(t, 0, "sha256:[0-9a-f]{64}\n", "", "push", "-q", "app:1", r.Host+"/pushed:1")
	expect(t, 0, `(?s)\{.*"Os": "linux".*\}\n`, "", "inspect", "--no-tags", "docker://"+r.Host+"/pushed:1")
	expect(t, 0, "(?s).*", "", "rm", "app:1")
}

// TestCopyAll copies an index with every platform; without --all, one.
func TestCopyAll(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	one, other := busybox(t, registrytest.Kind{}), busybox(t, registrytest.Kind{Arch: "arm64"})
	index := r.Push(t, "multi", "1", one, other).String()
	src, dst := "docker://"+r.Host+"/multi:1", "docker://"+r.Host+"/copied:"
	expect(t, 0, index+"\n", "", "copy", "-q", "--all", src, dst+"all")
	expect(t, 0, one.Digest().String()+"\n", "", "copy", "-q", src, dst+"one")
	expect(t, 0, other.Digest().String()+"\n", "", "copy", "-q", "--platform", "linux/arm64", src, dst+"arm")
	expect(t, 0, `(?s).*"mediaType":"application/vnd.oci.image.index.v1\+json".*`, "", "inspect", "--raw", dst+"all")
	expect(t, 0, "all\narm\none\n", "", "list-tags", r.Host+"/copied")
	expect(t, 0, `(?s)\{\n    "Repository": ".*/copied",\n    "Tags": \[.*`, "", "list-tags", "--format", "json", "docker://"+r.Host+"/copied")
	expect(t, 0, dst+"arm\n", "", "delete", dst+"arm")
	expect(t, 1, "", "manifest unknown|not found", "inspect", dst+"arm")
	expect(t, 1, "", "(?i)not known|unknown", "list-tags", r.Host+"/nosuch")
}

// TestLogin keeps credentials that the registry accepts, and no others; they are
// used from then on, and forgotten.
func TestLogin(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{User: "u", Password: "right"})
	img := busybox(t, registrytest.Kind{})
	r.Push(t, "app", "1", img)
	auth := filepath.Join(t.TempDir(), "auth.json")
	src := "docker://" + r.Host + "/app:1"

	c := command(t, "login", "-u", "u", "--password-stdin", "--authfile", auth, r.Host)
	c.Stdin = strings.NewReader("wrong\n")
	if got := do(t, c); got.code != 77 || !strings.Contains(got.stderr, "log in to "+r.Host+" as u") {
		t.Errorf("a wrong password: %+v", got)
	}
	if _, err := os.Stat(auth); err == nil {
		t.Error("refused credentials were kept")
	}
	expect(t, 77, "", "(?i)unauthorized|authentication", "inspect", src)
	expect(t, 1, "", "no terminal", "login", "-u", "u", "--authfile", auth, r.Host)
	expect(t, 1, "", "mutually exclusive", "login", "-u", "u", "-p", "x", "--password-stdin", r.Host)

	c = command(t, "login", "-u", "u", "--password-stdin", "--authfile", auth, "http://"+r.Host+"/")
	c.Stdin = strings.NewReader("right\n")
	if got := do(t, c); got.code != 0 || got.out != "Login Succeeded\n" || !strings.Contains(got.stderr, auth) {
		t.Errorf("login: %+v", got)
	}
	if st, err := os.Stat(auth); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the file of credentials: %v %v", st, err)
	}
	expect(t, 0, "u\n", "", "login", "--get-login", "--authfile", auth, r.Host)
	expect(t, 0, "(?s)\\{.*", "", "inspect", "--authfile", auth, src)
	expect(t, 0, "Removed login credentials for "+r.Host+"\n", "", "logout", "--authfile", auth, r.Host)
	expect(t, 1, "", "not logged in", "logout", "--authfile", auth, r.Host)
	expect(t, 1, "", "not logged in", "login", "--get-login", "--authfile", auth, r.Host)
}

// TestSearch uses the catalog of a registry that has no search.
func TestSearch(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	img := busybox(t, registrytest.Kind{})
	for _, name := range []string{"tools/web", "tools/db", "other"} {
		r.Push(t, name, "1", img)
	}
	expect(t, 0, r.Host+"/tools/web\n", "", "search", "-q", r.Host+"/web")
	expect(t, 0, "(?s)NAME +DESCRIPTION.*tools/.*\n", "", "search", r.Host+"/tools")
	expect(t, 0, "(?s)[^\n]*\n", "", "search", "-q", "--limit", "1", r.Host+"/tools")
}

// TestHistory and what prune leaves.
func TestHistoryAndPrune(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	img := busybox(t, registrytest.Kind{})
	r.Push(t, "app", "1", img)
	ref := r.Host + "/app:1"
	expect(t, 0, ref+"\n", ".*", "pull", "-q", ref)
	expect(t, 0, "(?s)LAYER +CREATED +CREATED BY +SIZE +COMMENT\n.*", "", "history", ref)
	expect(t, 0, "[0-9a-f]{12}\n[0-9a-f]{12}\n", "", "history", "-q", ref)
	expect(t, 1, "", "no such image", "history", "nosuch")
	expect(t, 0, "", "reclaimed space: 0B", "prune", "-f", "--filter", "label=nosuch")
	expect(t, 0, "(?s).*Untagged: "+ref+"\n.*Deleted: "+img.ID().String()+"\n.*", "reclaimed space: [1-9]", "prune", "-a", "-f")
	expect(t, 1, "", "invalid filter 'x'", "prune", "-f", "--filter", "x=y")
}

// TestPushIsDenied: what the registry says comes through, with its exit code.
func TestPushIsDenied(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{Front: func(w http.ResponseWriter, q *http.Request, registry http.Handler) {
		if q.Method == http.MethodPost {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		registry.ServeHTTP(w, q)
	}})
	img := busybox(t, registrytest.Kind{})
	r.Push(t, "app", "1", img)
	ref := r.Host + "/app:1"
	expect(t, 0, ref+"\n", "", "pull", "-q", ref)
	expect(t, 77, "", "403|[Ff]orbidden|denied", "push", "-q", ref, r.Host+"/new:1")
	expect(t, 0, "(?s).*", "", "rm", ref)
}
