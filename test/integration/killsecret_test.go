//go:build integration && amd64

package integration

import (
	"slices"
	"testing"

	"github.com/pouchcontainer/pouch/test/harness"
)

// secretVerbs are those that write secrets, or take another container's name.
func secretVerbs(s *harness.Suite) []verb {
	const file = "/etc/hostname"
	run := []string{"run", "--rm", "--name", victim, "--network", "none"}
	up := []string{"run", "-d", "--name", victim, "--network", "none", s.Image, "sleep", "1000"}
	return []verb{
		{name: "secret create", args: []string{"secret", "create", "--replace", "ks", file}, again: true, check: noSecret},
		{
			name: "run secret", before: [][]string{{"secret", "create", "ks", file}}, again: true, check: noSecret,
			args: append(slices.Clip(run), "--secret", "ks", "--secret", "id=own,src="+file, s.Image, "cat", "/run/secrets/ks", "/run/secrets/own"),
		},
		{name: "run replace", before: [][]string{up}, args: append(slices.Clip(run), "--replace", s.Image, "true"), again: true},
	}
}

// noSecret sees that the secret, if it is there, is whole, and removes it with
// its folder.
func noSecret(t *testing.T, s *harness.Suite) {
	if s.Pouch("pouch-run", "secret", "inspect", "ks").Code != 0 {
		s.Must(t, "pouch-run", "secret", "create", "ks", "/etc/hostname")
	}
	s.Must(t, "pouch-run", "secret", "rm", "ks")
}
