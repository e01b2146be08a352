package starter

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/shim/bundle"
)

// quick compiles pouch-shim-delete with a program beside it, in the place of this
// one, that says that it was run.
func quick(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "pouch-shim-delete")
	if out, err := exec.Command("cc", "-Wall", "-Wextra", "-Werror", "-static", "-o", program, "../../../pouch-shim/delete/delete.c").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "containerd-shim-pouch-v2"), []byte("#!/bin/sh\necho passed on \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return program
}

// TestQuickDelete: after an orderly end the small program answers as this one
// does; everything else it passes on.
func TestQuickDelete(t *testing.T) {
	program := quick(t)
	for name, c := range map[string]struct {
		settings *bundle.Settings
		exit     *bundle.Exit
		prepare  func(state, dir string)
		passed   bool
	}{
		"over":            {settings: &bundle.Settings{}, exit: &bundle.Exit{Pid: 4062, Status: 137, Nanos: 1795717210015865985}},
		"over at once":    {settings: &bundle.Settings{Runtime: "/bin/crun"}, exit: &bundle.Exit{}},
		"never created":   {exit: &bundle.Exit{Pid: 7}, passed: true},
		"killed":          {settings: &bundle.Settings{}, passed: true},
		"another's":       {settings: &bundle.Settings{Socket: "/run/x.sock"}, exit: &bundle.Exit{Pid: 7}, passed: true},
		"state is there":  {settings: &bundle.Settings{}, exit: &bundle.Exit{Pid: 7}, passed: true, prepare: func(state, _ string) { os.Mkdir(filepath.Join(state, "c1"), 0o700) }},
		"broken settings": {exit: &bundle.Exit{Pid: 7}, passed: true, prepare: func(_, dir string) { os.WriteFile(filepath.Join(dir, "pouch-settings"), []byte("/x\n"), 0o600) }},
		"broken exit":     {settings: &bundle.Settings{}, passed: true, prepare: func(_, dir string) { os.WriteFile(filepath.Join(dir, "pouch-exit"), []byte("7\n-1\n8\n"), 0o600) }},
	} {
		state, dir := t.TempDir(), t.TempDir()
		if c.settings != nil {
			c.settings.StateDir = state
			if err := bundle.Write(dir, *c.settings); err != nil {
				t.Fatal(err)
			}
		}
		if c.exit != nil {
			if err := bundle.WriteExit(dir, *c.exit); err != nil {
				t.Fatal(err)
			}
		}
		if c.prepare != nil {
			c.prepare(state, dir)
		}
		want := []byte("passed on -namespace pouch -address /a -publish-binary /b -id c1 -bundle " + dir + " delete\n")
		if !c.passed {
			want = deleteResponse(c.exit.Pid, c.exit.Status, c.exit.Nanos)
		}
		cmd := exec.Command(program, "-namespace", "pouch", "-address", "/a", "-publish-binary", "/b", "-id", "c1", "-bundle", dir, "delete")
		cmd.Dir = dir
		if got, err := cmd.Output(); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %v: %q, want %q", name, err, got, want)
		}
	}
}

// TestQuickPassesOn: what is no delete is for the other program.
func TestQuickPassesOn(t *testing.T) {
	program := quick(t)
	for _, args := range [][]string{{}, {"-info"}, {"-v"}, {"-namespace", "n", "-id", "c", "start"}, {"-id", "../c", "delete"}, {"-id", "", "delete"}, {"delete"}} {
		want := "passed on"
		for _, a := range args {
			want += " " + a
		}
		if got, err := exec.Command(program, args...).Output(); err != nil || string(got) != want+"\n" {
			t.Errorf("%q: %v: %q", args, err, got)
		}
	}
	if err := os.Remove(filepath.Join(filepath.Dir(program), "containerd-shim-pouch-v2")); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(program, "-v").CombinedOutput(); err == nil || !bytes.Contains(out, []byte("install Pouch anew")) {
		t.Errorf("%v: %s", err, out)
	}
}
