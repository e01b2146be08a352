package registry

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"go.podman.io/image/v5/pkg/sysregistriesv2"
	"go.podman.io/image/v5/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/test/registrytest"
)

// home is a user's home with nothing in it, in place of this one's.
func home(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for k, v := range map[string]string{
		"HOME": dir, "XDG_RUNTIME_DIR": filepath.Join(dir, "run"), "XDG_CONFIG_HOME": filepath.Join(dir, ".config"), "DOCKER_CONFIG": "", "REGISTRY_AUTH_FILE": "",
		"CONTAINERS_REGISTRIES_CONF": filepath.Join(dir, "registries.conf"),
	} {
		t.Setenv(k, v)
	}
	conf(t, dir, "")
	put(t, filepath.Join(dir, "run", "x"), "")
	return dir
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func conf(t *testing.T, dir, text string, args ...any) {
	t.Helper()
	defer sysregistriesv2.InvalidateCache()
	put(t, filepath.Join(dir, "registries.conf"), fmt.Sprintf(text, args...))
}

// says fails unless err has the kind and all the parts in its text.
func says(t *testing.T, err error, kind errs.Kind, parts ...string) {
	t.Helper()
	if err == nil || !errs.Is(err, kind) {
		t.Errorf("%v, want kind %s", err, kind)
		return
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("the error does not say %q: %v", p, err)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the password is in the error: %v", err)
	}
}

const (
	good = "am9lOnNlY3JldA=="     // joe:secret
	bad  = "am9lOm5vdHNlY3JldA==" // joe:notsecret
)

// Whose credentials were used, and that they work: for a registry that knows them
// itself, and one with a token server.
func TestCredentialFiles(t *testing.T) {
	img := small(t, registrytest.Kind{})
	for _, token := range []bool{false, true} {
		r := registrytest.Start(t, registrytest.Options{User: "joe", Password: "secret", Token: token})
		r.Push(t, "a/x", "1", img)
		auths := func(key, auth string) string { return fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, key, auth) }
		for path, key := range map[string]string{
			"run/containers/auth.json":     r.Host,
			".config/containers/auth.json": r.Host + "/a",
			".docker/config.json":          r.Host + "/a/x",
		} {
			t.Run(fmt.Sprintf("%s token=%v", path, token), func(t *testing.T) {
				dir := home(t)
				_, err := Pull(t.Context(), newMemory(), r.Host+"/a/x:1", Options{}, Watcher{})
				says(t, err, errs.Denied, "registry "+r.Host+" answered 401", "no credentials for it in "+filepath.Join(dir, "run"))
				put(t, filepath.Join(dir, path), auths(key, bad))
				_, err = Pull(t.Context(), newMemory(), r.Host+"/a/x:1", Options{}, Watcher{})
				says(t, err, errs.Denied, "entry "+key+" of "+filepath.Join(dir, path))
				_, err = Pull(t.Context(), newMemory(), r.Host+"/a/x:1", Options{Creds: "joe:wrong"}, Watcher{})
				says(t, err, errs.Denied, "those of --creds")
				put(t, filepath.Join(dir, path), auths(key, good))
				if _, err := Pull(t.Context(), newMemory(), r.Host+"/a/x:1", Options{}, Watcher{}); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// Helpers are asked by each of the three ways to name one.
func TestCredentialHelpers(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{User: "joe", Password: "secret", Token: true})
	r.Push(t, "x", "1", small(t, registrytest.Kind{}))
	for name, c := range map[string]struct{ config, conf, says string }{
		"credHelpers":        {fmt.Sprintf(`{"credHelpers":{%q:"test"}}`, r.Host), "", "helper docker-credential-test of "},
		"credsStore":         {`{"credsStore":"test"}`, "", "the store of "},
		"credential-helpers": {`{}`, `credential-helpers = ["test"]`, "docker-credential-test"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := home(t)
			conf(t, dir, "%s", c.conf)
			put(t, filepath.Join(dir, ".docker", "config.json"), c.config)
			t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
			helper := func(password string) {
				put(t, filepath.Join(dir, "docker-credential-test"),
					"#!/bin/sh\nread host\n[ $1 = get ] && [ $host = "+r.Host+" ] && echo '{\"ServerURL\":\"x\",\"Username\":\"joe\",\"Secret\":\""+password+"\"}'\n")
			}
			helper("notsecret")
			_, err := Pull(t.Context(), newMemory(), r.Host+"/x:1", Options{}, Watcher{})
			says(t, err, errs.Denied, "registry "+r.Host+" answered 401", c.says)
			helper("secret")
			if _, err := Pull(t.Context(), newMemory(), r.Host+"/x:1", Options{}, Watcher{}); err != nil {
				t.Error(err)
			}
		})
	}
}

// A token server behind TLS is asked with the same CA.
func TestTokenTLS(t *testing.T) {
	home(t)
	yes := true
	r := registrytest.Start(t, registrytest.Options{TLS: true, User: "joe", Password: "secret", Token: true})
	r.Push(t, "x", "1", small(t, registrytest.Kind{}))
	o := Options{Creds: "joe:secret", CertDir: r.CertDir, TLSVerify: &yes}
	if _, err := Pull(t.Context(), newMemory(), r.Host+"/x:1", o, Watcher{}); err != nil {
		t.Error(err)
	}
	o.Creds = ""
	_, err := Pull(t.Context(), newMemory(), r.Host+"/x:1", o, Watcher{})
	says(t, err, errs.Denied, "answered 401", "no credentials for it")
}

func TestMirrors(t *testing.T) {
	img := small(t, registrytest.Kind{})
	var asked atomic.Int32
	count := func(w http.ResponseWriter, q *http.Request, upstream http.Handler) {
		asked.Add(1)
		upstream.ServeHTTP(w, q)
	}
	mirror := registrytest.Start(t, registrytest.Options{Front: count})
	mirror.Push(t, "library/x", "1", img)
	upstream := registrytest.Start(t, registrytest.Options{})
	upstream.Push(t, "library/x", "1", img)
	upstream.Push(t, "library/y", "1", img)
	one := `registry = [{location="docker.io", insecure=true, mirror=[{location=%q, insecure=true}]}]`

	dir := home(t)
	conf(t, dir, one, mirror.Host)
	if _, err := Pull(t.Context(), newMemory(), "x:1", Options{}, Watcher{}); err != nil || asked.Load() == 0 {
		t.Errorf("a mirror in one line: %v, asked %d times", err, asked.Load())
	}

	dir = home(t)
	conf(t, dir, "[[registry]]\nprefix=\"docker.io/library\"\nlocation=\"%s/library\"\ninsecure=true\n[[registry.mirror]]\nlocation=\"%s/library\"\ninsecure=true\n", upstream.Host, mirror.Host)
	if _, err := Pull(t.Context(), newMemory(), "y:1", Options{}, Watcher{}); err != nil {
		t.Errorf("what the mirror has not, the registry has: %v", err)
	}
	_, err := Pull(t.Context(), newMemory(), "z:1", Options{}, Watcher{})
	says(t, err, errs.NotFound, "registry "+upstream.Host+" answered 404", "mirrors: "+mirror.Host+"/library")

	dir = home(t)
	conf(t, dir, "[[registry]]\nlocation=\"docker.io\"\nblocked=true\n")
	_, err = Pull(t.Context(), newMemory(), "x:1", Options{}, Watcher{})
	says(t, err, errs.Denied, "registry docker.io is blocked in", dir)

	dir = home(t)
	conf(t, dir, "nonsense")
	if _, err = Pull(t.Context(), newMemory(), "x:1", Options{}, Watcher{}); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "registries.conf")) {
		t.Errorf("broken registries.conf: %v", err)
	}
}

// A second registry as a pull-through cache, by one line: what it has fetched once
// comes without the first.
func TestPullThroughCache(t *testing.T) {
	img := small(t, registrytest.Kind{})
	upstream := registrytest.Start(t, registrytest.Options{})
	upstream.Push(t, "library/x", "1", img)
	cache := registrytest.Start(t, registrytest.Options{Upstream: upstream.Host})
	conf(t, home(t), `registry = [{location="docker.io", blocked=false, mirror=[{location=%q, insecure=true}]}]`, cache.Host)
	ref := "x@" + img.Digest().String()
	if _, err := Pull(t.Context(), newMemory(), ref, Options{}, Watcher{}); err != nil {
		t.Fatal(err)
	}
	upstream.Stop()
	st := newMemory()
	if _, err := Pull(t.Context(), st, ref, Options{}, Watcher{}); err != nil || len(st.blobs) != len(img.Layers)+2 {
		t.Errorf("from the cache alone: %v, %d blobs", err, len(st.blobs))
	}
}

// The policy of the user is found by itself.
func TestUsersPolicy(t *testing.T) {
	r := registrytest.Start(t, registrytest.Options{})
	r.Push(t, "x", "1", small(t, registrytest.Kind{}))
	put(t, filepath.Join(home(t), ".config", "containers", "policy.json"), `{"default":[{"type":"reject"}]}`)
	_, err := Pull(t.Context(), newMemory(), r.Host+"/x:1", Options{}, Watcher{})
	says(t, err, errs.Denied, "signature policy")
}

// A name on this machine needs no certificate; where registries.conf sends it to
// another one, that one does, and sees no credentials in plain text.
func TestLoopbackNameOfAnotherMachine(t *testing.T) {
	for what, c := range map[string]struct {
		conf string
		skip types.OptionalBool
	}{
		"not in the file":     {"", types.OptionalBoolTrue},
		"others are":          {"[[registry]]\nprefix=\"docker.io\"\nlocation=\"far.example\"\n", types.OptionalBoolTrue},
		"a mirror here":       {"[[registry]]\nlocation=\"localhost:5000\"\n[[registry.mirror]]\nlocation=\"127.0.0.1:6000/x\"\n", types.OptionalBoolTrue},
		"a location far away": {"[[registry]]\nprefix=\"localhost:5000/team\"\nlocation=\"far.example/team\"\n", types.OptionalBoolUndefined},
		"a mirror far away":   {"[[registry]]\nlocation=\"localhost:5000\"\n[[registry.mirror]]\nlocation=\"far.example\"\n", types.OptionalBoolUndefined},
	} {
		conf(t, home(t), "%s", c.conf)
		sys, err := Options{}.system("localhost:5000")
		if err != nil || sys.DockerInsecureSkipTLSVerify != c.skip {
			t.Errorf("%s: %v, %v", what, sys.DockerInsecureSkipTLSVerify, err)
		}
		asked, err := Route("localhost:5000/team/x:1", Options{})
		if err != nil || len(asked) == 0 || asked[0].Insecure != (c.skip == types.OptionalBoolTrue) {
			t.Errorf("%s: asked would be %+v, %v", what, asked, err)
		}
	}
}
