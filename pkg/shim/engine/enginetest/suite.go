package enginetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// Run shows that e does what engine.Engine says. It needs root and
// busybox-static, and is called first by a test function of the top level, which
// it runs anew as another process.
func Run(t *testing.T, e engine.Engine) {
	if owner := os.Getenv(ownerEnv); owner != "" {
		base, id, _ := strings.Cut(owner, ":")
		own(t, &fixture{engine: e, base: base, rootfs: filepath.Join(base, "r"), stateDir: filepath.Join(base, "s")}, id)
	}
	f := newFixture(t, e)
	tests := []struct {
		name string
		test func(*testing.T, *fixture)
	}{
		{"ExitCodes", exitCodes},
		{"SignalExit", signalExit},
		{"CreateDoesNotRun", createDoesNotRun},
		{"NoCommand", noCommand},
		{"NotExecutable", notExecutable},
		{"ExecFails", execFails},
		{"Poststop", poststop},
		{"BadOpts", badOpts},
		{"BadMount", badMount},
		{"SameID", sameID},
		{"CreateCancelled", createCancelled},
		{"Attributes", attributes},
		{"NoDescriptors", noDescriptors},
		{"ExtraDescriptors", extraDescriptors},
		{"StdioExact", stdioExact},
		{"Terminal", terminal},
		{"ExecParallel", execParallel},
		{"ExecErrors", execErrors},
		{"ExecTerminal", execTerminal},
		{"ExecInCgroup", execInCgroup},
		{"ExecApart", execApart},
		{"Pids", pids},
		{"PauseResume", pauseResume},
		{"KillPaused", killPaused},
		{"OOM", oom},
		{"Update", update},
		{"Stats", stats},
		{"KillAll", killAll},
		{"HostPid", hostPid},
		{"Orphans", orphans},
		{"DeleteTwice", deleteTwice},
		{"DestroyLive", destroyLive},
		{"DestroyNothing", destroyNothing},
		{"NoLeak", noLeak},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := zombies()
			t.Cleanup(func() { noZombies(t, before) }) // after the test's own
			tt.test(t, f)
		})
	}
	// The dead owner's children may become this process' own, as a subreaper's:
	// they are nobody's to wait for.
	t.Run("OwnerDies", func(t *testing.T) { ownerDies(t, f) })
}
