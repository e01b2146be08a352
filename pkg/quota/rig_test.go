package quota

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, path ...string) string {
	t.Helper()
	dir := filepath.Join(path...)
	must(t, os.MkdirAll(dir, 0o755))
	return dir
}

// fill writes n MiB to a new file, as one whom limits bind, one MiB at a time, and
// returns how many were taken.
func fill(t *testing.T, path string, n int) (taken int, err error) {
	t.Helper()
	err = Bound(func() error {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		defer f.Close()
		for taken = 0; taken < n && err == nil; taken++ {
			if _, err = f.Write(make([]byte, 1<<20)); err == nil {
				err = f.Sync()
			}
		}
		if err != nil {
			taken--
		}
		return err
	})
	return taken, err
}

func wantExceeded(t *testing.T, err error) {
	t.Helper()
	if !Exceeded(err) {
		t.Errorf("error %v, want one of an exceeded limit", err)
	}
}

func sizeOf(t *testing.T, dir string) uint64 {
	t.Helper()
	var st unix.Statfs_t
	must(t, unix.Statfs(dir, &st))
	return st.Blocks * uint64(st.Bsize)
}

func projectOf(t *testing.T, path string) uint32 {
	t.Helper()
	d, err := openDir(filepath.Dir(path))
	must(t, err)
	defer d.Close()
	var a fileAttributes
	if err := attr(d, filepath.Base(path), sysFileGetattr, &a); err == nil {
		return a.project
	}
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	b, err := get(f)
	must(t, err)
	return b.project
}

func use(t *testing.T, dir string, id uint32) Use {
	t.Helper()
	u, err := Read(dir, id)
	must(t, err)
	return u
}

func name(i int) string { return fmt.Sprint("file", i) }
