package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/netdev/nettest"
	"github.com/pouchcontainer/pouch/test/harness"
)

func TestMain(m *testing.M) {
	commands := map[string]func(){"pouch-net": main, pluginName: main, "fakeplugin": fakePlugin, "netgc": gcNetworks}
	if commands[filepath.Base(os.Args[0])] == nil { // the tests themselves
		flag.Parse()
		// Scripts share a network namespace, and flush its rules.
		if err := flag.Set("test.parallel", "1"); err != nil {
			panic(err)
		}
		if os.Geteuid() == 0 && !nettest.Inside() {
			nettest.Main(m)
		}
	}
	testscript.Main(m, commands)
}

// ownCache lets what cnitool keeps go with the tests.
func ownCache(t *testing.T) {
	t.Helper()
	const cache = "/var/lib/cni"
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", cache, "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
}

// The scripts run in a network namespace of the test's own.
func TestScripts(t *testing.T) {
	nettest.Need(t)
	nettest.Run(t, "", "ip", "link", "set", "lo", "up")
	ownCache(t)
	plugins, err := harness.CNIPlugins()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("POUCH_ROOT", e.WorkDir+"/l")
			e.Setenv("POUCH_RUN_ROOT", e.WorkDir+"/r")
			e.Setenv("NETCONFPATH", e.WorkDir+"/conf") // not the machine's
			e.Setenv("CNI_PLUGINS", plugins)
			own, _, _ := strings.Cut(e.Getenv("PATH"), string(filepath.ListSeparator))
			e.Setenv("OWN_BIN", own)
			return nil
		},
	})
}
