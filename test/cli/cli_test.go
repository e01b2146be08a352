// Package cli tests Pouch's command line by scripts that read like a shell
// session: testdata/*/*.txtar.
package cli

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pouchcontainer/pouch/test/harness"
	"github.com/pouchcontainer/pouch/test/script"
)

var suite *harness.Suite

func TestMain(m *testing.M) {
	flag.Parse()
	// Scripts share one engine and use plain names, as a person would.
	if err := flag.Set("test.parallel", "1"); err != nil {
		panic(err)
	}
	harness.Main(m, &suite)
}

func TestSmoke(t *testing.T)       { scripts(t, "smoke") }
func TestConventions(t *testing.T) { scripts(t, "conventions") }
func TestFlags(t *testing.T)       { scripts(t, "flags") }
func TestCVE(t *testing.T)         { scripts(t, "cve") }

// scripts runs every script of testdata/dir. Each begins with no container,
// volume or network, and gc --check must find nothing at its end.
func scripts(t *testing.T, dir string) {
	suite.Need(t)
	files, err := filepath.Glob(filepath.Join("testdata", dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Skipf("no scripts in testdata/%s", dir)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txtar"), func(t *testing.T) { runScript(t, f) })
	}
}

// scriptTimeout bounds a script: what takes longer hangs, and is killed.
const scriptTimeout = 90 * time.Second

func runScript(t *testing.T, file string) {
	testscript.Run(t, testscript.Params{
		Files:               []string{file},
		Deadline:            time.Now().Add(harness.Patience(scriptTimeout)),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setup,
		Cmds:                script.Commands(),
	})
}

func setup(env *testscript.Env) error {
	env.Vars = append(env.Vars, suite.Env()...)
	env.Vars = append(env.Vars, "HOME="+env.WorkDir)
	plugins, err := cniPlugins()
	if err != nil {
		return err
	}
	env.Vars = append(env.Vars, "CNI_PLUGINS="+plugins)
	t := env.T()
	env.Defer(func() {
		if err := suite.Reset(); err != nil {
			t.Fatal(err)
		}
	})
	return nil
}

var cniPlugins = sync.OnceValues(harness.CNIPlugins)

func TestProgramsAreThere(t *testing.T) {
	suite.Need(t)
	for _, p := range []string{"pouch-run", "pouch-image", "pouch-net", "pouch-vol", "pouch-shim", "containerd-shim-pouch-v2"} {
		if _, err := os.Stat(filepath.Join(suite.Bin, p)); err != nil {
			t.Error(err)
		}
	}
}
