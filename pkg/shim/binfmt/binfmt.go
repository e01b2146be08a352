// Package binfmt says why the kernel does not run a command that is in a root
// nobody trusts: what it needs is missing, or it is for another machine. It
// reads little, and trusts nothing that it reads.
package binfmt

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/mount"
)

// The causes.
const (
	NoCommand     = "no-such-command"
	NotExecutable = "not-executable"     // its rights or its kind forbid it
	NoInterpreter = "no-interpreter"     // of the script's first line
	NoLoader      = "no-loader"          // the program's dynamic loader (PT_INTERP of elf(5))
	WrongMachine  = "wrong-architecture" // a program for another processor
	NoFormat      = "unknown-format"     // neither a program nor a script
)

// Fault is why a command does not run.
type Fault struct {
	Cause string // one of the causes
	Text  string
}

// maxDepth bounds scripts whose interpreters are scripts; the kernel's own bound
// is BINPRM_BUF_SIZE's 5 rewrites (fs/exec.c).
const maxDepth = 5

// headSize is how much of a file is read; the kernel looks at 256 bytes of a
// script's first line.
const headSize = 4096

// Root opens a file by its absolute path in the container, as an O_PATH handle,
// without ever leaving it.
type Root func(name string) (*os.File, error)

// Explain looks for name in root, as execvp(3) does with dirs, the value of
// PATH, and cwd, and returns what keeps the kernel from running it; nil when
// nothing is found wrong.
func Explain(root Root, name, dirs, cwd string) *Fault {
	found, f := look(root, name, dirs, cwd)
	if f != nil {
		return f
	}
	return explain(root, found, cwd, 0)
}

// look finds the file. One in PATH that may not be executed counts only when
// there is no other.
func look(root Root, name, dirs, cwd string) (string, *Fault) {
	if strings.Contains(name, "/") {
		return absolute(name, cwd), nil
	}
	var denied *Fault
	for dir := range strings.SplitSeq(dirs, ":") {
		at := path.Join(absolute(dir, cwd), name)
		_, f := head(root, at)
		switch {
		case f == nil:
			return at, nil
		case f.Cause == NotExecutable && denied == nil:
			denied = f
		}
	}
	if denied != nil {
		return "", denied
	}
	return "", &Fault{NoCommand, fmt.Sprintf("no file %s is in the folders of PATH (%s)", name, dirs)}
}

func absolute(name, cwd string) string {
	if path.IsAbs(name) {
		return name
	}
	return path.Join("/", cwd, name)
}

func explain(root Root, name, cwd string, depth int) *Fault {
	data, f := head(root, name)
	switch {
	case f != nil:
		return f
	case bytes.HasPrefix(data, []byte("#!")) && depth < maxDepth:
		return script(root, name, data, cwd, depth)
	case bytes.HasPrefix(data, []byte("\x7fELF")):
		return elfFault(root, name, data)
	case len(data) == 0:
		return &Fault{NoFormat, name + " is empty"}
	}
	return &Fault{NoFormat, name + " is neither a program nor a script: it does not begin with #!"}
}

// script looks at the interpreter of a script.
func script(root Root, name string, data []byte, cwd string, depth int) *Fault {
	line, _, _ := strings.Cut(string(data[2:]), "\n")
	words := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
	if len(words) == 0 {
		return &Fault{NoFormat, name + " begins with #! and names no interpreter"}
	}
	interpreter := absolute(words[0], cwd)
	f := explain(root, interpreter, cwd, depth+1)
	switch {
	case f == nil:
		return nil
	case strings.HasSuffix(words[0], "\r"):
		return &Fault{NoInterpreter, fmt.Sprintf("%s has the line ends of Windows: its interpreter %q is not in the container", name, words[0])}
	case f.Cause == NoCommand:
		return &Fault{NoInterpreter, fmt.Sprintf("%s begins with #!%s, which is not in the container", name, words[0])}
	}
	return &Fault{f.Cause, fmt.Sprintf("%s is run by %s: %s", name, words[0], f.Text)}
}

// head opens a file that is to be run and reads its beginning.
func head(root Root, name string) ([]byte, *Fault) {
	handle, err := root(name)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENOTDIR):
		return nil, &Fault{NoCommand, name + " is not in the container"}
	case err != nil:
		return nil, &Fault{NotExecutable, fmt.Sprintf("%s: %v", name, errors.Unwrap(err))}
	}
	defer handle.Close()
	st, err := handle.Stat()
	switch {
	case err != nil:
		return nil, &Fault{NotExecutable, fmt.Sprintf("%s: %v", name, err)}
	case st.IsDir():
		return nil, &Fault{NotExecutable, name + " is a directory"}
	case !st.Mode().IsRegular():
		return nil, &Fault{NotExecutable, name + " is no regular file"}
	case st.Mode()&0o111 == 0:
		return nil, &Fault{NotExecutable, fmt.Sprintf("%s has no right to be executed (mode %#o): chmod +x", name, st.Mode().Perm())}
	}
	f, err := mount.Reopen(handle, os.O_RDONLY|unix.O_CLOEXEC)
	if err != nil {
		return nil, nil // it is there, and cannot be looked at
	}
	defer f.Close()
	data := make([]byte, headSize)
	n, err := f.ReadAt(data, 0)
	if n == 0 && err == nil {
		return nil, nil
	}
	return data[:n], nil
}
