package enginetest

import (
	"testing"

	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// Run shows that e does what engine.Engine says. It needs root and
// busybox-static.
func Run(t *testing.T, e engine.Engine) {
	f := newFixture(t, e)
	tests := map[string]func(*testing.T, *fixture){
		"ExitCodes":        exitCodes,
		"SignalExit":       signalExit,
		"CreateDoesNotRun": createDoesNotRun,
		"NoCommand":        noCommand,
		"NotExecutable":    notExecutable,
		"BadOpts":          badOpts,
		"SameID":           sameID,
		"StdioExact":       stdioExact,
		"Terminal":         terminal,
		"ExecParallel":     execParallel,
		"ExecErrors":       execErrors,
		"ExecTerminal":     execTerminal,
		"ExecInCgroup":     execInCgroup,
		"Pids":             pids,
		"PauseResume":      pauseResume,
		"KillPaused":       killPaused,
		"OOM":              oom,
		"Update":           update,
		"Stats":            stats,
		"KillAll":          killAll,
		"HostPid":          hostPid,
		"DeleteTwice":      deleteTwice,
		"DestroyLive":      destroyLive,
		"DestroyNothing":   destroyNothing,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, f) })
	}
}
