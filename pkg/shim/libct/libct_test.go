package libct_test

import (
	"runtime"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/shim/engine/enginetest"
	"github.com/pouchcontainer/pouch/pkg/shim/libct"
	_ "github.com/pouchcontainer/pouch/pkg/shim/libct/reexec"
)

// The leader thread stays with the main goroutine: see package libct.
func init() { runtime.LockOSThread() }

func TestEngine(t *testing.T) { enginetest.Run(t, libct.New(nil)) }
