package cmd

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// TestOutputFile: what is no file is not replaced by one.
func TestOutputFile(t *testing.T) {
	dir := t.TempDir()
	pipe, file := filepath.Join(dir, "pipe"), filepath.Join(dir, "file")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for out, ok := range map[string]bool{os.DevNull: false, pipe: false, dir: false, file: true, filepath.Join(dir, "new"): true} {
		set := flag.NewFlagSet("save", flag.ContinueOnError)
		set.String("output", out, "")
		c := cli.NewContext(nil, set, nil)
		c.Command = &cli.Command{Name: "save"}
		got, err := OutputFile(c)
		if ok != (err == nil) || ok && got != out || !ok && !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %q, %v", out, got, err)
		}
	}
}
