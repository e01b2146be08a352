package manifest

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

var d = digest.FromString("x")

func TestParse(t *testing.T) {
	conf := fmt.Sprintf(`"config":{"digest":%q,"size":2}`, d)
	layer := fmt.Sprintf(`{"digest":%q,"size":3}`, d)
	for name, c := range map[string]struct {
		text string
		kind errs.Kind
	}{
		"both (CVE-2021-41190)": {`{` + conf + `,"layers":[],"manifests":[]}`, errs.Corrupt},
		"layers and manifests":  {`{"layers":[],"manifests":[]}`, errs.Corrupt},
		"schema 1 and index":    {`{"fsLayers":[],"manifests":[]}`, errs.Corrupt},
		"schema 1":              {`{"schemaVersion":1,"fsLayers":[]}`, errs.Unsupported},
		"no image":              {`{}`, errs.Unsupported},
		"an artifact":           {`{"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"` + d.String() + `"},"layers":[]}`, errs.Unsupported},
		"no JSON":               {`{`, errs.Corrupt},
		"negative size":         {`{` + conf + `,"layers":[{"digest":"` + d.String() + `","size":-1}]}`, errs.Corrupt},
		"size 2^63":             {`{` + conf + `,"layers":[{"digest":"` + d.String() + `","size":9223372036854775808}]}`, errs.Corrupt},
		"huge size":             {`{` + conf + `,"layers":[{"digest":"` + d.String() + `","size":9223372036854775807}]}`, errs.Corrupt},
		"path for a digest":     {`{` + conf + `,"layers":[{"digest":"sha256:../../x","size":1}]}`, errs.Corrupt},
		"too many layers":       {`{` + conf + `,"layers":[` + strings.Repeat(layer+",", MaxLayers) + layer + `]}`, errs.Corrupt},
		"too many entries":      {`{"manifests":[` + strings.Repeat("{},", MaxEntries) + `{}]}`, errs.Corrupt},
	} {
		if _, _, err := Parse(d, []byte(c.text)); !errs.Is(err, c.kind) {
			t.Errorf("%s: %v, want kind %s", name, err, c.kind)
		}
	}
	if _, m, err := Parse(d, []byte(`{`+conf+`,"layers":[`+layer+`]}`)); err != nil || len(m.Layers) != 1 {
		t.Errorf("a manifest: %+v, %v", m, err)
	}
	if e, m, err := Parse(d, []byte(`{"manifests":[]}`)); err != nil || m != nil || e == nil {
		t.Errorf("an empty index: %v, %v, %v", e, m, err)
	}
}

func TestConfig(t *testing.T) {
	m := &ocispec.Manifest{Layers: make([]ocispec.Descriptor, 1)}
	for _, text := range []string{`{`, `{}`, `{"rootfs":{"diff_ids":["sha256:1"]}}`, `{"rootfs":{"diff_ids":[]}}`} {
		if _, err := Config(m, []byte(text)); !errs.Is(err, errs.Corrupt) {
			t.Errorf("%s: %v, want kind corrupt", text, err)
		}
	}
	if _, err := Config(m, []byte(`{"rootfs":{"diff_ids":["`+d.String()+`"]}}`)); err != nil {
		t.Error(err)
	}
}

func TestFitting(t *testing.T) {
	p := func(os, arch, variant string) ocispec.Descriptor {
		return ocispec.Descriptor{Platform: &ocispec.Platform{OS: os, Architecture: arch, Variant: variant}}
	}
	got := Fitting([]ocispec.Descriptor{
		p("linux", "s390x", ""), p("unknown", "unknown", ""), {}, p("linux", runtime.GOARCH, "v3"), p("linux", runtime.GOARCH, ""),
	})
	if len(got) != 4 || got[0].Platform.Variant != "" || got[1].Platform.Variant != "v3" || got[2].Platform != nil || got[3].Platform.Architecture != "s390x" {
		t.Errorf("order: %+v", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"config":{"digest":"` + d.String() + `"},"layers":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, m, err := Parse(d, data)
		if err == nil && (entries == nil) == (m == nil) {
			t.Fatalf("%q: both or none", data)
		}
		if err == nil && m != nil {
			Config(m, data)
		}
		Fitting(entries)
	})
}
