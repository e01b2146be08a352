//go:build integration

package integration

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/test/harness"
)

// load loads a test image and removes it at the end of t, after its containers.
func load(t *testing.T, s *harness.Suite, name string) string {
	t.Helper()
	archive, err := harness.Image(name)
	if err != nil {
		t.Fatal(err)
	}
	s.Must(t, "pouch-image", "load", "-q", "-i", archive)
	t.Cleanup(func() {
		if err := s.Reset(); err != nil {
			t.Error(err)
		}
		s.Must(t, "pouch-image", "rm", name+":latest")
	})
	return name + ":latest"
}

// A server of two layers, with its own users, serves through a published port
// and stops as it is asked to.
func TestNginx(t *testing.T) {
	s := start(t)
	image := load(t, s, "nginx")
	s.Must(t, "pouch-run", "-d", "--name", "www", "-p", "127.0.0.1::80", image)
	ports := s.Must(t, "pouch-run", "ps", "--format", "{{.Ports}}")
	m := regexp.MustCompile(`127\.0\.0\.1:(\d+)->80/tcp`).FindStringSubmatch(ports)
	if m == nil {
		t.Fatalf("ports: %q", ports)
	}
	var page string
	await(t, time.Minute, "a page", func() bool {
		page = get("http://127.0.0.1:" + m[1] + "/")
		return page != ""
	})
	if !strings.Contains(page, "nginx") {
		t.Errorf("page: %q", page)
	}
	if who := s.Must(t, "pouch-run", "exec", "-u", "www-data", "www", "id", "-un"); who != "www-data" {
		t.Errorf("exec -u: %q", who)
	}
	await(t, time.Minute, "the request in the log", func() bool {
		return strings.Contains(s.Must(t, "pouch-run", "logs", "www"), "GET / ")
	})
	s.Must(t, "pouch-run", "stop", "-t", "300", "www")
	if code := s.Must(t, "pouch-run", "inspect", "-f", "{{.State.ExitCode}}", "www"); code != "0" {
		t.Errorf("exit code %s", code)
	}
}

func get(url string) string {
	c := http.Client{Timeout: 5 * time.Second}
	r, err := c.Get(url)
	if err != nil {
		return ""
	}
	defer r.Body.Close()
	b, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil || r.StatusCode != http.StatusOK {
		return ""
	}
	return string(b)
}

// A whole system's files are what its packages say, seen from inside.
func TestDebian(t *testing.T) {
	s := start(t)
	image := load(t, s, "minbase")
	r := s.Pouch("pouch-run", "--rm", "--network", "none", image, "sh", "-c",
		`dpkg -V --verify-format rpm 2>&1 | grep -v -e /usr/share/doc -e /usr/share/man -e /usr/share/locale -e "^missing *c"; dpkg -s bash | grep Status`)
	if r.Code != 0 || r.Stdout != "Status: install ok installed\n" {
		t.Errorf("%v", r)
	}
}
