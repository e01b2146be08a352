package ociruntime

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// TestProbe asks scripts that answer as runtimes do.
func TestProbe(t *testing.T) {
	tests := map[string]struct{ script, want string }{
		"features new": {`[ $1 = features ] && echo '{"ociVersionMin":"1.0.0","ociVersionMax":"1.3.0"}'`, specs.Version},
		"features old": {`[ $1 = features ] && echo '{"ociVersionMax":"1.0.2-dev"}'`, oldVersion},
		"version new":  {`[ $1 = --version ] && printf 'x version 9\nspec: 1.2.0\n'`, specs.Version},
		"version old":  {`[ $1 = --version ] && printf 'crun version 1.8.1\nspec: 1.0.0\n'`, oldVersion},
		"junk":         {`echo {`, oldVersion},
		"fails":        {`exit 1`, oldVersion},
	}
	for name, tt := range tests {
		path := filepath.Join(t.TempDir(), "runtime")
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+tt.script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		version := probe(path)
		if a, b := version(), version(); a != tt.want || b != tt.want {
			t.Errorf("%s: %s, %s; want %s", name, a, b, tt.want)
		}
	}
}
