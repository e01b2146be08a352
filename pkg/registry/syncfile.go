package registry

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// maxSyncFile bounds a file that says what to sync, bytes.
const maxSyncFile = 1 << 20

// syncRegistry is a registry's part of a sync file, in the form of skopeo-sync(1).
type syncRegistry struct {
	Images      map[string][]string `yaml:"images"`              // repository to tags and digests; none: all tags
	ByTagRegex  map[string]string   `yaml:"images-by-tag-regex"` // repository to a regular expression
	BySemver    map[string]string   `yaml:"images-by-semver"`
	Credentials struct {
		Username string `yaml:"username"`
		Password string `yaml:"password"`
	} `yaml:"credentials"`
	TLSVerify *bool  `yaml:"tls-verify"`
	CertDir   string `yaml:"cert-dir"`
}

// readSyncFile reads what to sync of which registry. Words that it does not know
// give kind invalid, as does what is no YAML; versions by range kind unsupported.
func readSyncFile(r io.Reader) (map[string]syncRegistry, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSyncFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxSyncFile {
		return nil, errs.New(errs.Invalid, "sync file: larger than %d bytes", maxSyncFile)
	}
	var out map[string]syncRegistry
	if err := strict(data, &out); err != nil {
		return nil, errs.New(errs.Invalid, "sync file: %w", err)
	}
	for _, host := range slices.Sorted(maps.Keys(out)) {
		reg := out[host]
		if len(reg.BySemver) > 0 {
			return nil, errs.New(errs.Unsupported, "sync file: %s: images-by-semver: write the versions as images-by-tag-regex", host)
		}
		for repo, re := range reg.ByTagRegex {
			if _, err := regexp.Compile(re); err != nil {
				return nil, errs.New(errs.Invalid, "sync file: %s/%s: %w", host, repo, err)
			}
		}
	}
	return out, nil
}

func strict(data []byte, out any) error {
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(out); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// options are o, for this registry.
func (s syncRegistry) options(o Options) Options {
	if s.Credentials.Username != "" {
		o.Creds = s.Credentials.Username + ":" + s.Credentials.Password
	}
	if s.TLSVerify != nil {
		o.TLSVerify = s.TLSVerify
	}
	if s.CertDir != "" {
		o.CertDir = s.CertDir
	}
	return o
}
