package ociruntime

import (
	"slices"
	"testing"
)

// TestEnviron: a runtime gets this process' environment but for what is meant for
// a supervisor alone.
func TestEnviron(t *testing.T) {
	for _, name := range []string{"GOMAXPROCS", "NOTIFY_SOCKET", "LISTEN_FDS", "WATCHDOG_USEC", "POUCH_TEST_KEPT"} {
		t.Setenv(name, "1")
	}
	env := environ()
	if !slices.Contains(env, "POUCH_TEST_KEPT=1") {
		t.Error("it lost a variable")
	}
	for _, kv := range []string{"GOMAXPROCS=1", "NOTIFY_SOCKET=1", "LISTEN_FDS=1", "WATCHDOG_USEC=1"} {
		if slices.Contains(env, kv) {
			t.Errorf("%s is there", kv)
		}
	}
}
