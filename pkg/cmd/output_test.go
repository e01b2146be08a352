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

// TestOutputFile: what is no file is written to, and not replaced by one.
func TestOutputFile(t *testing.T) {
	dir := t.TempDir()
	pipe, file, stdout := filepath.Join(dir, "pipe"), filepath.Join(dir, "file"), os.Stdout
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if os.Stdout, err = os.Create(file); err != nil {
		t.Fatal(err)
	}
	defer func() { os.Stdout = stdout }()
	for out, want := range map[string]string{file: file, filepath.Join(dir, "new"): filepath.Join(dir, "new"), pipe: ""} {
		got, err := OutputFile(outputTo(out))
		if err != nil || got != want {
			t.Errorf("%s: %q, %v", out, got, err)
		}
	}
	if _, err := OutputFile(outputTo(dir)); !errs.Is(err, errs.Invalid) {
		t.Errorf("a folder: %v", err)
	}
	if _, err := os.Stdout.WriteString("x"); err != nil {
		t.Error(err)
	}
	b := make([]byte, 1)
	if _, err := reader.Read(b); err != nil || string(b) != "x" {
		t.Errorf("the pipe has %q, %v", b, err)
	}
	if st, err := os.Lstat(pipe); err != nil || st.Mode().Type() != os.ModeNamedPipe {
		t.Errorf("%v, %v", st, err)
	}
}

func outputTo(out string) *cli.Context {
	set := flag.NewFlagSet("save", flag.ContinueOnError)
	set.String("output", out, "")
	c := cli.NewContext(nil, set, nil)
	c.Command = &cli.Command{Name: "save"}
	return c
}
