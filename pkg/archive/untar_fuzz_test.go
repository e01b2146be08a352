package archive

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// fuzzed is a tree beside a folder that nothing may change, with links that lead
// from the one to the other.
type fuzzed struct {
	tree   Tree
	beside string
	before string
}

func newFuzzed(t *testing.T, host bool) *fuzzed {
	t.Helper()
	tr, dir := tree(t, host)
	f := &fuzzed{tree: tr, beside: filepath.Join(dir, "beside")}
	fill(t, dir, map[string]string{
		"beside/f": "secret", "beside/s/f": "secret", "beside/empty/": "", "beside/l": "-> f",
		"root/d/f": "own", "root/in/f": "own", "root/in/d/": "", "root/in/up": "-> ../../beside", "root/in/file": "-> ../../beside/f",
		"root/in/abs": "-> " + f.beside, "root/in/self": "-> self", "root/in/top": "-> /",
	})
	root, err := os.Open(filepath.Join(dir, "root"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	f.tree.Root = root
	f.before = f.state(t)
	return f
}

// state is everything about the folder beside, and who lies beside it.
func (f *fuzzed) state(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	up := filepath.Dir(f.beside)
	err := filepath.WalkDir(up, func(p string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if p == filepath.Join(up, "root") {
			return filepath.SkipDir
		}
		var st unix.Stat_t
		if err := unix.Lstat(p, &st); err != nil {
			return err
		}
		names := make([]byte, 1<<10)
		n, _ := unix.Llistxattr(p, names)
		fmt.Fprintln(&out, p, st.Ino, st.Mode, st.Uid, st.Gid, st.Nlink, st.Size, st.Mtim, st.Ctim, string(names[:max(n, 0)]))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String() + list(t, f.beside)
}

// maxHeap is how much more memory the heap may get from the system for unpacking, bytes,
// than it has of what ran before; 64 KiB are up to 64 MiB of headers.
const maxHeap = 384 << 20

// unpack unpacks a stream as cp does, or as the import of a volume, and looks
// whether anything beside the tree has changed.
func (f *fuzzed) unpack(t *testing.T, p string, stream []byte, itself bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var n int64
	var err error
	before := heapSys()
	if itself {
		n, err = f.tree.Restore(ctx, p, bytes.NewReader(stream))
	} else {
		n, err = f.tree.Untar(ctx, p, bytes.NewReader(stream))
	}
	if n < 0 {
		t.Errorf("%d bytes, %v", n, err)
	}
	if took := heapSys() - before; took > maxHeap {
		t.Errorf("%d bytes of memory for a stream of %d", took, len(stream))
	}
	if now := f.state(t); now != f.before {
		t.Errorf("%v; beside the tree was\n%s\nis\n%s", err, f.before, now)
	}
}

// heapSys is what the heap has from the system, bytes; it may become less.
func heapSys() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapSys)
}

// FuzzUntar: whatever the bytes of a stream are, nothing beside the tree changes,
// and the memory that it takes is bounded. What says that it is a header gets its
// sum, or hardly any change would come beyond that.
func FuzzUntar(f *testing.F) {
	for _, script := range seeds() {
		f.Add(archived(f, script, ""), "/in", false, false)
		f.Add(archived(f, script, ""), "/", true, true)
	}
	f.Add([]byte("\x1f\x8b\x08\x00"), "/in", false, false)
	f.Add([]byte("BZh9"), "/in/up/..", true, false)
	f.Fuzz(func(t *testing.T, stream []byte, p string, host, itself bool) {
		if len(stream) <= 64<<10 {
			newFuzzed(t, host).unpack(t, p, summed(stream), itself)
		}
	})
}

// FuzzEntries is FuzzUntar with entries instead of bytes.
func FuzzEntries(f *testing.F) {
	for _, script := range seeds() {
		f.Add(script, "/in", false, false)
		f.Add(script, "/", true, true)
	}
	f.Fuzz(func(t *testing.T, script, p string, host, itself bool) {
		if len(script) > 4<<10 {
			return
		}
		z := newFuzzed(t, host)
		z.unpack(t, p, archived(t, script, z.beside), itself)
	})
}

// seeds are entries, one a line, of a type, a name, and a link's end or content;
// @ is the folder beside.
func seeds() []string {
	return []string{
		"5\tnew\t\n0\tnew/f\tcontent",
		"2\tout\t../../beside\n0\tout/f\tplanted\n1\thard\tout/f",
		"2\tl\t@\n5\tl\t\n0\tl/f\tplanted\n5\tl/s\t",
		"0\tup/f\tplanted\n1\thard\tfile\n0\thard\tplanted\n0\tfile\tplanted",
		"5\t./\t\n5\tabs\t\n2\tabs\t@\n1\tabs/l\tself\n0\ttop/in/f\tnew",
		"3\tdev\t\n6\tpipe\t\n0\tpipe\tcontent\n4\td\t",
		"1\tx\t../../beside/f\n0\t../../beside/f\tplanted\n0\t/../beside/f\tplanted",
	}
}

// archived is the archive of a script; lines that no archive can hold are left out.
func archived(t testing.TB, script, beside string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for line := range strings.SplitSeq(strings.ReplaceAll(script, "@", beside), "\n") {
		word := strings.SplitN(line, "\t", 3)
		if len(word) < 3 || len(word[0]) != 1 {
			continue
		}
		h := &tar.Header{Typeflag: word[0][0], Name: word[1], Mode: 0o751, Uid: 3, Gid: 4, Devmajor: 1, Devminor: 3}
		h.PAXRecords = map[string]string{xattrPrefix + "user.of": "the stream"}
		switch h.Typeflag {
		case tar.TypeReg:
			h.Size = int64(len(word[2]))
		case tar.TypeLink, tar.TypeSymlink:
			h.Linkname = word[2]
		}
		if w.WriteHeader(h) == nil && h.Size > 0 {
			if _, err := w.Write([]byte(word[2])); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// summed gives every block that names a tar format its sum (pax(1), "ustar
// Interchange Format").
func summed(stream []byte) []byte {
	out := bytes.Clone(stream)
	for b := out; len(b) >= tarBlock; b = b[tarBlock:] {
		if !bytes.HasPrefix(b[257:], []byte("ustar")) {
			continue
		}
		copy(b[148:], "        ")
		sum := 0
		for _, c := range b[:tarBlock] {
			sum += int(c)
		}
		copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	}
	return out
}
