package image

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// withDiffIDs is an image's config with other diff ids, and else byte for byte what it
// was: who converts an image back has the id that it had. Kind corrupt: it says in two
// places, or in strange letters, what they are.
func withDiffIDs(config []byte, before, now []digest.Digest) ([]byte, error) {
	if slices.Equal(before, now) {
		return config, nil
	}
	strange := errs.New(errs.Corrupt, "image config: cannot tell where its diff ids are")
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(config, &fields); err != nil {
		return nil, errs.New(errs.Corrupt, "image config: %w", err)
	}
	var rootfs json.RawMessage
	for k, v := range fields {
		if strings.EqualFold(k, "rootfs") {
			if rootfs != nil {
				return nil, strange
			}
			rootfs = v
		}
	}
	at := bytes.Index(config, rootfs)
	if len(rootfs) == 0 || at < 0 {
		return nil, strange
	}
	out := slices.Clone(config[:at])
	rest := []byte(rootfs)
	for i, d := range before {
		j := bytes.Index(rest, []byte(`"`+d.String()+`"`))
		if j < 0 {
			return nil, strange
		}
		out = append(append(out, rest[:j+1]...), now[i]...)
		rest = rest[j+1+len(d):]
	}
	out = append(append(out, rest...), config[at+len(rootfs):]...)
	var is ocispec.Image
	if err := json.Unmarshal(out, &is); err != nil || !slices.Equal(is.RootFS.DiffIDs, now) {
		return nil, strange
	}
	return out, nil
}
