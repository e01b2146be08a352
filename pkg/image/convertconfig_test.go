package image

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// TestWithDiffIDs: what is not a diff id stays, whatever it looks like.
func TestWithDiffIDs(t *testing.T) {
	a, b, c := digest.FromString("a"), digest.FromString("b"), digest.FromString("c")
	rootfs := func(one, two digest.Digest) string {
		return "{\n \"type\": \"layers\",\"diff_ids\" : [\"" + one.String() + "\", \"" + two.String() + "\"] }"
	}
	config := func(one, two digest.Digest) string {
		return `{"x":{"type":"layers"}, "config":{"Labels":{"base":"` + a.String() + `","more":"{\"diff_ids\":[\"` + a.String() + `\"]}"}},` +
			"\t\"rootfs\":" + rootfs(one, two) + `,"unknown": 1.0}`
	}
	got, err := withDiffIDs([]byte(config(a, a)), []digest.Digest{a, a}, []digest.Digest{b, c})
	if err != nil || string(got) != config(b, c) {
		t.Errorf("%v\n%s\n%s", err, got, config(b, c))
	}
	if got, err = withDiffIDs(got, []digest.Digest{b, c}, []digest.Digest{a, a}); err != nil || string(got) != config(a, a) {
		t.Errorf("back: %v\n%s", err, got)
	}
	for name, hostile := range map[string]string{
		"two places": `{"rootfs":` + rootfs(a, b) + `,"RootFS":` + rootfs(a, b) + `}`,
		"within":     `{"rootfs":{"diff_ids":["x"],"Diff_IDs":["` + a.String() + `","` + b.String() + `"]}}`,
		"first":      `{"rootfs":{"x":["` + a.String() + `","` + b.String() + `"],"diff_ids":["` + a.String() + `","` + b.String() + `"]}}`,
		"twin":       `{"a":` + rootfs(a, b) + `,"rootfs":` + rootfs(a, b) + `}`,
		"letters":    `{"rootfs":{"diff_ids":["\u0073` + a.String()[1:] + `","` + b.String() + `"]}}`,
		"none":       `{}`,
		"null":       `{"rootfs":null}`,
		"broken":     `{`,
	} {
		got, err := withDiffIDs([]byte(hostile), []digest.Digest{a, b}, []digest.Digest{c, b})
		if name == "within" && err == nil { // Go takes the last of them
			continue
		}
		if !errs.Is(err, errs.Corrupt) {
			t.Errorf("%s: %v: %s", name, err, got)
		}
	}
}

// FuzzWithDiffIDs: a config is refused, or has the new diff ids and all else that it
// had, and can be changed back.
func FuzzWithDiffIDs(f *testing.F) {
	a, b := digest.FromString("a"), digest.FromString("b")
	f.Add([]byte(`{"rootfs":{"type":"layers","diff_ids":["` + a.String() + `"]},"os":"linux"}`))
	f.Add([]byte(`{"config":{"Labels":{"x":"` + a.String() + `"}},"RootFS": {"diff_ids":["` + a.String() + `"]}}`))
	f.Fuzz(func(t *testing.T, config []byte) {
		var before ocispec.Image
		if json.Unmarshal(config, &before) != nil || len(before.RootFS.DiffIDs) == 0 {
			return
		}
		now := make([]digest.Digest, len(before.RootFS.DiffIDs))
		for i := range now {
			now[i] = b
		}
		got, err := withDiffIDs(config, before.RootFS.DiffIDs, now)
		if err != nil {
			return
		}
		var after ocispec.Image
		if err := json.Unmarshal(got, &after); err != nil {
			t.Fatal(err)
		}
		for _, d := range after.RootFS.DiffIDs {
			if d != b {
				t.Fatalf("%s in %s", d, got)
			}
		}
		if back, err := withDiffIDs(got, now, before.RootFS.DiffIDs); err == nil && !bytes.Equal(back, config) {
			t.Fatalf("%s\ncame back as\n%s", config, back)
		}
	})
}
