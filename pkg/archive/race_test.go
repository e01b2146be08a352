package archive

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// A program in the root swaps a folder with a link out of it, as fast as it can,
// while files are copied out of the folder and into it: nothing of the host
// comes out, and nothing is written there (CVE-2018-15664).
func TestSwappedFolder(t *testing.T) {
	c, dir := tree(t, false)
	outside := t.TempDir()
	fill(t, outside, map[string]string{"f": "secret", "s/f": "secret"})
	root := filepath.Join(dir, "root")
	fill(t, root, map[string]string{"d/f": "own", "d/s/f": "own", "l": "-> " + outside, "in/": ""})
	var err error
	if c.Root, err = os.Open(root); err != nil {
		t.Fatal(err)
	}
	defer c.Root.Close()
	from, fdir := tree(t, true)
	fill(t, fdir, map[string]string{"p/f": "planted", "p/s/g": "planted"})
	stop, stopped := make(chan struct{}), make(chan struct{})
	var swaps atomic.Int64
	go func() {
		defer close(stopped)
		for ; ; swaps.Add(1) {
			select {
			case <-stop:
				return
			default:
				unix.Renameat2(unix.AT_FDCWD, root+"/d", unix.AT_FDCWD, root+"/l", unix.RENAME_EXCHANGE)
			}
		}
	}()
	out, odir := tree(t, true)
	for i := 0; i < 1500 || swaps.Load() < 100; i++ { // who swaps may get no turn for long
		path := []string{"/d", "/d/.", "/d/f", "/d/s/f", "/d/s"}[i%5]
		if s, err := c.Source(path, i%2 == 0); err == nil {
			out.Copy(context.Background(), s, "/out", true)
			s.Close()
		}
		s, err := from.Source("/p/.", false)
		if err != nil {
			t.Fatal(err)
		}
		c.Copy(context.Background(), s, []string{"/d", "/d/s", "/d/new"}[i%3], false)
		s.Close()
		if l := list(t, odir); strings.Contains(l, "secret") {
			t.Fatalf("round %d: came out: %s", i, l)
		}
		os.RemoveAll(odir + "/out")
	}
	close(stop)
	<-stopped
	if l := list(t, outside); l != "f=secret s/ s/f=secret" {
		t.Errorf("outside: %s", l)
	}
}
