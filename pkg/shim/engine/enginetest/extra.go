package enginetest

import (
	"io"
	"os"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// extraDescriptors shows that a process has the given descriptors from 3 on, and
// that nobody else holds them open after its end.
func extraDescriptors(t *testing.T, f *fixture) {
	inR, inW := pipe(t)
	outR, outW := pipe(t)
	listR, listW := pipe(t)
	script := "ls /proc/$$/fd; cat <&3 >&4"
	c := f.start(t, f.opts(t, engine.IO{Stdout: listW, Extra: []*os.File{inR, outW}}, nil, "sh", "-c", script))
	for _, f := range []*os.File{inR, outW, listW} {
		f.Close()
	}
	if _, err := inW.WriteString("through"); err != nil {
		t.Error(err)
	}
	inW.Close()
	if got, err := io.ReadAll(outR); err != nil || string(got) != "through" {
		t.Errorf("%q came through, %v", got, err)
	}
	if got, err := io.ReadAll(listR); err != nil || string(got) != "0\n1\n2\n3\n4\n" {
		t.Errorf("it has %q, %v", got, err)
	}
	if got := waitFor(t, c); got != 0 {
		t.Errorf("exit %d", got)
	}
}
