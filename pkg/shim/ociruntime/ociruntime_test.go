package ociruntime_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/shim/engine/enginetest"
	"github.com/pouchcontainer/pouch/pkg/shim/ociruntime"
)

// built is the runc of this module, old Debian's, of spec 1.0.2.
const (
	built = "../../../bin/runc"
	old   = "/usr/sbin/runc"
)

func testEngine(t *testing.T, path string) {
	if _, err := exec.LookPath(path); err != nil {
		t.Skipf("needs %s", path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ociruntime.New(abs)
	if err != nil {
		t.Fatal(err)
	}
	enginetest.Run(t, e)
}

func TestBuiltRunc(t *testing.T) { testEngine(t, built) }

func TestDebianRunc(t *testing.T) { testEngine(t, old) }

func TestNewNotFound(t *testing.T) {
	if _, err := ociruntime.New("/no/such/runtime"); !errs.Is(err, errs.NotFound) {
		t.Errorf("%v, want kind not_found", err)
	}
}
