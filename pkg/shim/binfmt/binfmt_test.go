package binfmt

import (
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/mount"
)

// program is an ELF file that asks for a loader.
func program(m elf.Machine, loader string) string {
	b := make([]byte, 64+56, 256)
	copy(b, "\x7fELF\x02\x01\x01")
	le := binary.LittleEndian
	le.PutUint16(b[16:], 2)
	le.PutUint16(b[18:], uint16(m))
	le.PutUint64(b[32:], 64)
	le.PutUint16(b[54:], 56)
	if loader != "" {
		le.PutUint16(b[56:], 1)
		le.PutUint32(b[64:], uint32(elf.PT_INTERP))
		le.PutUint64(b[64+8:], 64+56)
		le.PutUint64(b[64+32:], uint64(len(loader)+1))
	}
	return string(b) + loader + "\x00"
}

func own() elf.Machine {
	if runtime.GOARCH == "arm64" {
		return elf.EM_AARCH64
	}
	return elf.EM_X86_64
}

func foreign() elf.Machine {
	if runtime.GOARCH == "arm64" {
		return elf.EM_X86_64
	}
	return elf.EM_AARCH64
}

func write(t *testing.T, dir, name, text string, mode os.FileMode) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func rootOf(t testing.TB, dir string) Root {
	t.Helper()
	root, err := os.OpenFile(dir, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return func(name string) (*os.File, error) { return mount.OpenInRoot(root, name) }
}

func TestExplain(t *testing.T) {
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skip("the test's programs are for amd64 and arm64")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"bin/static": program(own(), ""), "bin/dynamic": program(own(), "/lib/ld.so"), "lib/ld.so": program(own(), ""),
		"bin/glibc": program(own(), "/lib64/ld-linux.so.2"), "bin/foreign": program(foreign(), ""),
		"bin/sh": "#!/bin/static\n", "good": "#! /bin/static -e\n", "nested": "#!/bin/sh\n", "bash": "#!/bin/bash\necho\n",
		"windows": "#!/bin/sh\r\necho\r\n", "text": "echo hello\n", "empty": "", "nothing": "#!\n", "loop": "#!/loop\n",
		"viaforeign": "#!/bin/foreign\n", "damaged": "\x7fELF\x02\x01", "escape": "#!/../../../../bin/static\n",
	} {
		write(t, dir, name, text, 0o755)
	}
	write(t, dir, "plain", "#!/bin/sh\n", 0o644)
	write(t, dir, "sbin/static", "x", 0o644)
	for link, to := range map[string]string{"link": "/bin/static", "dangling": "/nosuch", "out": "/../../../../../../etc/hostname", "self": "/self"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Mkfifo(filepath.Join(dir, "fifo"), 0o755); err != nil {
		t.Fatal(err)
	}
	root := rootOf(t, dir)
	for name, want := range map[string]struct{ cause, text string }{
		"/bin/static": {}, "static": {}, "/bin/dynamic": {}, "/good": {}, "good": {NoCommand, "PATH"}, "./good": {}, "/nested": {}, "/link": {}, "/escape": {},
		"nosuch": {NoCommand, "/sbin:/bin"}, "/nosuch": {NoCommand, "is not in the container"}, "/dangling": {NoCommand, ""},
		"/out":  {NoCommand, ""},
		"/self": {NotExecutable, ""}, "/plain": {NotExecutable, "0644"}, "/bin": {NotExecutable, "directory"}, "/fifo": {NotExecutable, "no regular file"},
		"/bash": {NoInterpreter, "#!/bin/bash, which is not"}, "/windows": {NoInterpreter, "Windows"},
		"/bin/glibc": {NoLoader, "/lib64/ld-linux.so.2"}, "/bin/foreign": {WrongMachine, "this machine is " + runtime.GOARCH},
		"/viaforeign": {WrongMachine, "is run by /bin/foreign"},
		"/text":       {NoFormat, "neither"}, "/empty": {NoFormat, "empty"}, "/nothing": {NoFormat, "no interpreter"},
		"/damaged": {NoFormat, "damaged"}, "/loop": {NoFormat, ""},
	} {
		f := Explain(root, name, "/sbin:/bin", "/")
		switch {
		case want.cause == "" && f != nil, want.cause != "" && (f == nil || f.Cause != want.cause || !strings.Contains(f.Text, want.text)):
			t.Errorf("%s: %+v, want %+v", name, f, want)
		}
	}
}

// What a hostile file says of itself leads nowhere.
func FuzzELF(f *testing.F) {
	f.Add([]byte(program(own(), "/lib/ld.so")))
	f.Add([]byte("\x7fELF\x01\x02"))
	root := rootOf(f, f.TempDir())
	f.Fuzz(func(t *testing.T, data []byte) {
		if got := elfFault(root, "x", data[:min(len(data), headSize)]); got != nil && got.Cause == "" {
			t.Errorf("%+v", got)
		}
	})
}
