package manifest

import (
	"runtime"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

func TestParsePlatform(t *testing.T) {
	for in, want := range map[string]string{
		"linux": "linux/" + runtime.GOARCH, "linux/arm64": "linux/arm64", "arm64": "linux/arm64", "x86_64": "linux/amd64",
		"linux/aarch64": "linux/arm64", "linux/arm/v6": "linux/arm/v6",
	} {
		if p, err := ParsePlatform(in); err != nil || p.String() != want {
			t.Errorf("%s: %s, %v", in, p, err)
		}
	}
	for in, kind := range map[string]errs.Kind{
		"": errs.Invalid, "/": errs.Invalid, "linux/": errs.Invalid, "a/b/c/d": errs.Invalid, "windows/amd64": errs.Unsupported,
	} {
		if p, err := ParsePlatform(in); !errs.Is(err, kind) {
			t.Errorf("%q: %s, %v", in, p, err)
		}
	}
}

func TestPlatformIs(t *testing.T) {
	for _, c := range []struct {
		asked string
		of    ocispec.Platform
		want  bool
	}{
		{"linux/arm64", ocispec.Platform{OS: "linux", Architecture: "arm64"}, true},
		{"linux/arm64", ocispec.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}, true},
		{"linux/arm64/v8", ocispec.Platform{OS: "linux", Architecture: "arm64"}, true},
		{"linux/arm/v6", ocispec.Platform{OS: "linux", Architecture: "arm", Variant: "v7"}, false},
		{"linux/arm/v6", ocispec.Platform{OS: "linux", Architecture: "arm"}, false},
		{"linux/arm64", ocispec.Platform{OS: "linux", Architecture: "amd64"}, false},
		{"linux/arm64", ocispec.Platform{OS: "windows", Architecture: "arm64"}, false},
		{"linux/arm64", ocispec.Platform{}, true}, // it does not say
		{"linux", ocispec.Platform{OS: "linux", Architecture: runtime.GOARCH}, true},
	} {
		p, err := ParsePlatform(c.asked)
		if got := p.Is(c.of); err != nil || got != c.want {
			t.Errorf("%s of %+v: %v, %v", c.asked, c.of, got, err)
		}
	}
}

func TestFittingAnother(t *testing.T) {
	entry := func(d, arch, variant string) ocispec.Descriptor {
		return ocispec.Descriptor{ArtifactType: d, Platform: &ocispec.Platform{OS: "linux", Architecture: arch, Variant: variant}}
	}
	entries := []ocispec.Descriptor{entry("a", "amd64", ""), entry("v7", "arm", "v7"), entry("v6", "arm", "v6"), entry("arm64", "arm64", "v8")}
	for asked, want := range map[Platform]string{
		{"arm", "v6"}: "v6", {"arm", "v7"}: "v7", {"arm64", ""}: "arm64", {"amd64", ""}: "a",
	} {
		if got := asked.Fitting(entries); len(got) != 4 || got[0].ArtifactType != want {
			t.Errorf("%s: %s first", asked, got[0].ArtifactType)
		}
	}
}
