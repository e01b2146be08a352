//go:build integration

// Package integration shows that Pouch keeps its word when many commands run at
// once, when its parts are killed, when the disk is full and when files are
// broken. Everything is real: kernel, containerd, network.
package integration

import (
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/test/harness"
)

var suite *harness.Suite

func TestMain(m *testing.M) { harness.Main(m, &suite) }

// start begins a test that must leave nothing.
func start(t *testing.T) *harness.Suite {
	t.Helper()
	suite.Need(t)
	t.Cleanup(func() { suite.Clean(t) })
	return suite
}

// await polls until is true, and fails t when that hangs: after limit on a quiet machine.
func await(t *testing.T, limit time.Duration, what string, is func() bool) bool {
	t.Helper()
	limit = harness.Patience(limit)
	for end := time.Now().Add(limit); !is(); {
		if time.Now().After(end) {
			t.Errorf("%s: not within %v", what, limit)
			return false
		}
		time.Sleep(200 * time.Microsecond)
	}
	return true
}
