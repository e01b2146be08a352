package image

import (
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

func entries() []Entry {
	return []Entry{
		{Image: Image{Name: "docker.io/library/a:1", Digest: "sha256:x"}, Repository: "a", Tag: "1", Labels: map[string]string{"k": "v"}},
		{Image: Image{Name: "docker.io/library/a:2", Digest: "sha256:y"}, Repository: "a", Tag: "2"},
		{Image: Image{Name: "docker.io/library/a@sha256:x", Digest: "sha256:x"}, Repository: "a"},
		{Image: Image{Name: "docker.io/me/b@sha256:x", Digest: "sha256:x"}, Repository: "me/b"},
		{Image: Image{Name: "sha256:z", Digest: "sha256:z"}},
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
	} {
		got, err := Filter(entries(), strings.Fields(text))
		if have := strings.Join(strings.Fields(list(withoutTwins(got))), " "); err != nil || have != want {
			t.Errorf("%s: %q, %v; want %q", text, have, err, want)
		}
	}
	for _, bad := range []string{"x=y", "reference", "dangling=perhaps", "reference=["} {
		if _, err := Filter(entries(), []string{bad}); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v, want kind invalid", bad, err)
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

// A name by digest hides behind a tag of the same image in its repository.
func TestTwins(t *testing.T) {
	if got := list(withoutTwins(entries())); got != "library/a:1 library/a:2 me/b@sha256:x sha256:z" {
		t.Error(got)
	}
}
