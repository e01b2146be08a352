package image

import (
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

func entries() []Entry {
	return []Entry{
		{Image: Image{Name: "docker.io/library/a:1", Digest: "sha256:x", ID: "sha256:0123"}, Repository: "a", Tag: "1", Labels: map[string]string{"k": "v"}, Created: time.Unix(1000, 0)},
		{Image: Image{Name: "docker.io/library/a:2", Digest: "sha256:y", ID: "sha256:4567"}, Repository: "a", Tag: "2", Created: time.Unix(2000, 0)},
		{Image: Image{Name: "docker.io/library/a@sha256:x", Digest: "sha256:x"}, Repository: "a"},
		{Image: Image{Name: "docker.io/me/b@sha256:x", Digest: "sha256:x"}, Repository: "me/b"},
		{Image: Image{Name: "sha256:z", Digest: "sha256:z", ID: "sha256:z"}},
		{Image: Image{Name: "sha256:" + strings.Repeat("67", 32), Digest: "sha256:y", ID: "sha256:4567"}},
	}
}

func list(in []Entry) string {
	var out []string
	for _, e := range in {
		out = append(out, strings.TrimPrefix(e.Name, "docker.io/"))
	}
	return strings.Join(out, " ")
}

func TestFilter(t *testing.T) {
	for text, want := range map[string]string{
		"reference=a":                  "library/a:1 library/a:2",
		"reference=a:1":                "library/a:1",
		"reference=a:1 reference=a:2":  "library/a:1 library/a:2",
		"reference=a label=k":          "library/a:1",
		"label=k=v":                    "library/a:1",
		"label=k=w":                    "",
		"dangling=true":                "sha256:z",
		"dangling=false reference=a:2": "library/a:2",
		"reference=nosuch":             "",
		"before=a:2 reference=a":       "library/a:1",
		"since=a:1":                    "library/a:2",
		"since=0123":                   "library/a:2",
		"before=sha256:45 label=k":     "library/a:1",
		"until=1500 reference=a":       "library/a:1",
	} {
		got, err := Filter(withoutTwins(entries()), strings.Fields(text))
		if have := strings.Join(strings.Fields(list(got)), " "); err != nil || have != want {
			t.Errorf("%s: %q, %v; want %q", text, have, err, want)
		}
	}
	for _, bad := range []string{"x=y", "reference", "dangling=perhaps", "reference=[", "until=x"} {
		if _, err := Filter(entries(), []string{bad}); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v, want kind invalid", bad, err)
		}
	}
}

// An image that bounds the others must be there.
func TestFilterByNothing(t *testing.T) {
	for _, f := range []string{"before=nosuch", "since=ffff"} {
		if _, err := Filter(entries(), []string{f}); !errs.Is(err, errs.NotFound) {
			t.Errorf("%s: %v, want kind not_found", f, err)
		}
	}
}

func TestOfRepository(t *testing.T) {
	for ref, want := range map[string]string{
		"a":      "library/a:1 library/a:2 library/a@sha256:x",
		"a:2":    "library/a:2",
		"a:3":    "",
		"me/b":   "me/b@sha256:x",
		"BAD":    "",
		"nosuch": "",
	} {
		if got := list(OfRepository(entries(), ref)); got != want {
			t.Errorf("%s: %q, want %q", ref, got, want)
		}
	}
}

// A name by digest hides behind a tag of the same image in its repository, and what stands
// for no name behind any.
func TestTwins(t *testing.T) {
	if got := list(withoutTwins(entries())); got != "library/a:1 library/a:2 me/b@sha256:x sha256:z" {
		t.Error(got)
	}
}
