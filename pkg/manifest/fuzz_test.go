package manifest

import (
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// FuzzConfig: a config is refused as broken, or has a digest for each layer.
func FuzzConfig(f *testing.F) {
	f.Add(uint8(1), []byte(`{"rootfs":{"type":"layers","diff_ids":["`+d.String()+`"]}}`))
	f.Add(uint8(0), []byte(`{"config":{"Env":["A=b",""],"User":"x"},"history":[{"created":"2020-01-01T00:00:00Z"}]}`))
	f.Fuzz(func(t *testing.T, layers uint8, data []byte) {
		m := &ocispec.Manifest{Config: ocispec.Descriptor{Digest: digest.FromBytes(data)}, Layers: make([]ocispec.Descriptor, layers)}
		c, err := Config(m, data)
		if err != nil {
			if !errs.Is(err, errs.Corrupt) {
				t.Fatalf("kind of %v", err)
			}
			return
		}
		if len(c.RootFS.DiffIDs) != int(layers) {
			t.Fatalf("%d layers, %d diff ids", layers, len(c.RootFS.DiffIDs))
		}
		for _, id := range c.RootFS.DiffIDs {
			if id.Validate() != nil {
				t.Fatalf("%q is no digest", id)
			}
		}
	})
}

// FuzzHealth: what is taken for a health check can be executed, within its bounds.
func FuzzHealth(f *testing.F) {
	f.Add([]byte(`{"config":{"Healthcheck":{"Test":["CMD-SHELL","true"],"Interval":30000000000,"Retries":-1},"Shell":["/bin/sh","-c"]}}`))
	f.Add([]byte(`{"config":{"Healthcheck":{"Test":["CMD","a","b"],"Timeout":1}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		h := Health(data)
		if h == nil {
			return
		}
		if len(h.Test) == 0 || h.Shell && len(h.Test) != 1 || len(h.Test) > 2*maxHealthArgs {
			t.Fatalf("%+v", h)
		}
		if text := strings.Join(h.Test, ""); strings.Contains(text, "\x00") || len(text) > 2*maxHealthText {
			t.Fatalf("%d bytes: %.100q", len(text), text)
		}
		for _, p := range []int64{int64(h.Interval), int64(h.Timeout), int64(h.StartPeriod), int64(h.StartInterval), int64(h.Retries)} {
			if p < 0 {
				t.Fatalf("%+v", h)
			}
		}
	})
}
