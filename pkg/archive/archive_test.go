package archive

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// tree is an empty tree, of a container or of the host.
func tree(t *testing.T, host bool) (Tree, string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	dir := t.TempDir()
	root, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return Tree{Root: root, Host: host}, dir
}

func fill(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		switch to, link := strings.CutPrefix(text, "-> "); {
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(p, 0o755)
		case link:
			err = os.Symlink(to, p)
		default:
			if err = os.WriteFile(p, []byte(text), 0o644); err == nil {
				err = os.Chmod(p, 0o644) // whatever the caller's umask
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// list is every file below dir with its content.
func list(t *testing.T, dir string) string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		name, _ := filepath.Rel(dir, p)
		switch {
		case d.IsDir():
			name += "/"
		case d.Type() == os.ModeSymlink:
			to, _ := os.Readlink(p)
			name += "->" + to
		case d.Type().IsRegular():
			f, err := os.Open(p)
			if err != nil {
				return err
			}
			b, _ := io.ReadAll(io.LimitReader(f, 1000))
			f.Close()
			name += "=" + string(b)
		default:
			name += "?" + d.Type().String()
		}
		out = append(out, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

// The rules of docker cp, every case of them.
func TestCopyRules(t *testing.T) {
	source := map[string]string{"d/x": "1", "d/s/y": "2", "f": "3", "ld": "-> d", "lf": "-> f", "dead": "-> nosuch"}
	for _, c := range []struct {
		from   string
		follow bool
		to     string
		want   string // of the destination, which has file "old" and folder "dir/"
		kind   errs.Kind
	}{
		{from: "/f", to: "/new", want: "dir/ new=3 old=0"},
		{from: "f", to: "new", want: "dir/ new=3 old=0"},
		{from: "/f", to: "/new/", kind: errs.NotFound},
		{from: "/f", to: "/nosuch/new", kind: errs.NotFound},
		{from: "/f", to: "/old", want: "dir/ old=3"},
		{from: "/f", to: "/old/", kind: errs.Invalid},
		{from: "/f", to: "/old/x", kind: errs.NotFound},
		{from: "/f", to: "/dir", want: "dir/ dir/f=3 old=0"},
		{from: "/f", to: "/dir/", want: "dir/ dir/f=3 old=0"},
		{from: "/f", to: "/", want: "dir/ f=3 old=0"},
		{from: "/f", to: "/dir/..", want: "dir/ f=3 old=0"},
		{from: "/f/", to: "/dir", kind: errs.Invalid},
		{from: "/f/.", to: "/dir", kind: errs.Invalid},
		{from: "/nosuch", to: "/dir", kind: errs.NotFound},
		{from: "/f/x", to: "/dir", kind: errs.NotFound},
		{from: "/d", to: "/new", want: "dir/ new/ new/s/ new/s/y=2 new/x=1 old=0"},
		{from: "/d", to: "/new/", want: "dir/ new/ new/s/ new/s/y=2 new/x=1 old=0"},
		{from: "/d/.", to: "/new", want: "dir/ new/ new/s/ new/s/y=2 new/x=1 old=0"},
		{from: "/d", to: "/old", kind: errs.Conflict},
		{from: "/d/.", to: "/old", kind: errs.Conflict},
		{from: "/d", to: "/dir", want: "dir/ dir/d/ dir/d/s/ dir/d/s/y=2 dir/d/x=1 old=0"},
		{from: "/d/", to: "/dir", want: "dir/ dir/d/ dir/d/s/ dir/d/s/y=2 dir/d/x=1 old=0"},
		{from: "/d/.", to: "/dir", want: "dir/ dir/s/ dir/s/y=2 dir/x=1 old=0"},
		{from: "/d/s/..", to: "/dir", want: "dir/ dir/d/ dir/d/s/ dir/d/s/y=2 dir/d/x=1 old=0"},
		{from: "/lf", to: "/dir", want: "dir/ dir/lf->f old=0"},
		{from: "/lf", follow: true, to: "/dir", want: "dir/ dir/lf=3 old=0"},
		{from: "/ld", to: "/dir", want: "dir/ dir/ld->d old=0"},
		{from: "/ld/", to: "/dir", want: "dir/ dir/ld/ dir/ld/s/ dir/ld/s/y=2 dir/ld/x=1 old=0"},
		{from: "/ld/.", to: "/dir", want: "dir/ dir/s/ dir/s/y=2 dir/x=1 old=0"},
		{from: "/ld", follow: true, to: "/dir", want: "dir/ dir/ld/ dir/ld/s/ dir/ld/s/y=2 dir/ld/x=1 old=0"},
		{from: "/ld/x", to: "/dir", want: "dir/ dir/x=1 old=0"},
		{from: "/dead", to: "/dir", want: "dir/ dir/dead->nosuch old=0"},
		{from: "/dead", follow: true, to: "/dir", kind: errs.NotFound},
	} {
		for _, host := range []bool{false, true} {
			from, fdir := tree(t, !host)
			to, tdir := tree(t, host)
			fill(t, fdir, source)
			fill(t, tdir, map[string]string{"old": "0", "dir/": ""})
			s, err := from.Source(c.from, c.follow)
			if err == nil {
				_, err = to.Copy(context.Background(), s, c.to, false)
				s.Close()
			}
			if c.kind != "" {
				if !errs.Is(err, c.kind) || list(t, tdir) != "dir/ old=0" {
					t.Errorf("%s to %s: %v, %s", c.from, c.to, err, list(t, tdir))
				}
				continue
			}
			if got := list(t, tdir); err != nil || got != c.want {
				t.Errorf("%s to %s (host %v): %v\n got %s\nwant %s", c.from, c.to, host, err, got, c.want)
			}
		}
	}
}

// Links at the destination are followed inside the tree, absolute ones too.
func TestDestinationLinks(t *testing.T) {
	from, fdir := tree(t, true)
	fill(t, fdir, map[string]string{"f": "new", "d/x": "1"})
	for to, want := range map[string]string{
		"/link": "real/f=new", "/abs": "real/f=new", "/up": "real/f=new", "/file": "target=new", "/dead": "made=new", "/abs/g": "real/g=new",
	} {
		c, dir := tree(t, false)
		fill(t, dir, map[string]string{
			"real/": "", "link": "-> real", "abs": "-> /real", "up": "-> ../../../../real", "target": "old", "file": "-> /target", "dead": "-> /made",
		})
		s, err := from.Source("/f", false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Copy(context.Background(), s, to, false); err != nil {
			t.Errorf("%s: %v", to, err)
		}
		s.Close()
		if got := list(t, dir); !strings.Contains(got, want) {
			t.Errorf("%s: %q is not in %q", to, want, got)
		}
	}
	c, dir := tree(t, false)
	fill(t, dir, map[string]string{"a": "-> b", "b": "-> a"})
	s, err := from.Source("/f", false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := c.Copy(context.Background(), s, "/a", false); err == nil {
		t.Error("a loop of links was followed")
	}
}

// Everything that a file has goes along: modes, times, owners, attributes,
// links, holes; a socket does not.
func TestFaithful(t *testing.T) {
	from, fdir := tree(t, false)
	fill(t, fdir, map[string]string{"d/plain": "text", "d/link": "-> plain", "d/sub/x": "1"})
	src := filepath.Join(fdir, "d")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Link(src+"/plain", src+"/again"))
	must(unix.Mkfifo(src+"/fifo", 0o640))
	must(unix.Mknod(src+"/null", unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))))
	must(os.Chmod(src+"/null", 0o666))
	must(unix.Mknod(src+"/sock", unix.S_IFSOCK|0o640, 0))
	must(os.WriteFile(src+"/suid", nil, 0o755))
	must(os.Chown(src+"/suid", 7, 8))
	must(os.Chmod(src+"/suid", 0o755|os.ModeSetuid))
	must(unix.Setxattr(src+"/plain", "user.note", []byte("hi\x00there"), 0))
	caps := []byte{1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	must(unix.Setxattr(src+"/suid", "security.capability", caps, 0))
	must(os.Truncate(src+"/plain", 1<<40))
	old := time.Unix(1e9, 123456789)
	must(os.Chtimes(src+"/plain", old, old))
	must(os.Chtimes(src+"/sub", old, old))
	must(os.Chmod(src+"/sub", 0o711))

	to, tdir := tree(t, true)
	s, err := from.Source("/d", false)
	must(err)
	defer s.Close()
	got, err := to.Copy(context.Background(), s, "/out", true)
	must(err)
	if got.Size > 1<<20 || len(got.Skipped) != 0 {
		t.Errorf("%+v", got)
	}
	var st, st2 unix.Stat_t
	must(unix.Stat(tdir+"/out/plain", &st))
	must(unix.Stat(tdir+"/out/again", &st2))
	if st.Ino != st2.Ino || st.Size != 1<<40 || st.Blocks > 1000 || time.Unix(st.Mtim.Unix()) != old {
		t.Errorf("plain: %+v, %+v", st, st2)
	}
	value := make([]byte, 64)
	if n, err := unix.Getxattr(tdir+"/out/plain", "user.note", value); err != nil || string(value[:n]) != "hi\x00there" {
		t.Errorf("user.note: %q, %v", value[:max(n, 0)], err)
	}
	must(unix.Stat(tdir+"/out/suid", &st))
	n, err := unix.Getxattr(tdir+"/out/suid", "security.capability", value)
	if st.Uid != 7 || st.Gid != 8 || st.Mode&0o7777 != 0o4755 || err != nil || !bytes.Equal(value[:n], caps) {
		t.Errorf("suid: %o %d:%d, %v %v", st.Mode, st.Uid, st.Gid, value[:max(n, 0)], err)
	}
	must(unix.Stat(tdir+"/out/null", &st))
	if st.Mode != unix.S_IFCHR|0o666 || st.Rdev != unix.Mkdev(1, 3) {
		t.Errorf("null: %o %x", st.Mode, st.Rdev)
	}
	must(unix.Stat(tdir+"/out/sub", &st))
	if st.Mode&0o7777 != 0o711 || time.Unix(st.Mtim.Unix()) != old {
		t.Errorf("sub: %+v", st)
	}
	if l := list(t, tdir+"/out"); !strings.Contains(l, "fifo?p") || strings.Contains(l, "sock") || !strings.Contains(l, "link->plain") {
		t.Error(l[:min(len(l), 500)])
	}

	// Without the owners nothing comes out that acts as the one who copies.
	got, err = to.Copy(context.Background(), s, "/safe", false)
	must(err)
	must(unix.Stat(tdir+"/safe/suid", &st))
	_, err = unix.Getxattr(tdir+"/safe/suid", "security.capability", value)
	if st.Uid != 0 || st.Mode&0o7777 != 0o755 || err != unix.ENODATA || len(got.Skipped) != 1 {
		t.Errorf("suid: %o, %v, %v", st.Mode, err, got)
	}
}

// What comes out as tar is what was there, and goes in as that.
func TestTarThereAndBack(t *testing.T) {
	from, fdir := tree(t, false)
	fill(t, fdir, map[string]string{"etc/a": "1", "etc/s/b": "2", "etc/l": "-> a"})
	if err := os.Chown(fdir+"/etc/a", 5, 6); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(fdir+"/etc/a", fdir+"/etc/z"); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/etc": "etc/ etc/a=1 etc/l->a etc/s/ etc/s/b=2 etc/z=1", "/etc/.": "a=1 l->a s/ s/b=2 z=1", "/etc/s/b": "b=2",
	} {
		s, err := from.Source(path, false)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := s.Tar(context.Background(), &b); err != nil {
			t.Fatal(err)
		}
		s.Close()
		to, tdir := tree(t, false)
		if _, err := to.Untar(context.Background(), "/", &b); err != nil {
			t.Fatal(err)
		}
		if got := list(t, tdir); got != want {
			t.Errorf("%s:\n got %s\nwant %s", path, got, want)
		}
		var st unix.Stat_t
		if path == "/etc" && (unix.Stat(tdir+"/etc/a", &st) != nil || st.Uid != 5 || st.Gid != 6 || st.Nlink != 2) {
			t.Errorf("owner %d:%d, %d names", st.Uid, st.Gid, st.Nlink)
		}
	}
}

func tarOf(t *testing.T, hs ...*tar.Header) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range hs {
		text := ""
		if h.Typeflag == tar.TypeReg {
			text = "planted"
		}
		h.Size, h.Mode = int64(len(text)), 0o644
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

// Archives that try to get out of the folder (CVE-2026-17106 and its like).
func TestHostileArchives(t *testing.T) {
	file := func(n string) *tar.Header { return &tar.Header{Name: n, Typeflag: tar.TypeReg} }
	link := func(n, to string) *tar.Header { return &tar.Header{Name: n, Linkname: to, Typeflag: tar.TypeSymlink} }
	hard := func(n, to string) *tar.Header { return &tar.Header{Name: n, Linkname: to, Typeflag: tar.TypeLink} }
	for name, hs := range map[string][]*tar.Header{
		"dotdot":             {file("../victim")},
		"dotdot inside":      {file("a/../../victim")},
		"hard link outside":  {hard("x", "../victim"), file("x")},
		"hard link absolute": {hard("x", "/victim")},
		"link then write":    {link("out", ".."), file("out/victim")},
		"link absolute":      {link("out", "/"), file("out/victim")},
		"link as a file":     {link("x", "../victim"), file("x")},
		"link deep":          {link("a", "b"), link("b", ".."), file("a/victim")},
		"folder over link":   {link("out", ".."), {Name: "out/", Typeflag: tar.TypeDir}, file("out/victim")},
		"root is a link":     {link(".", ".."), file("victim")},
		"no file":            {{Name: "x", Typeflag: 'Z'}},
	} {
		for _, host := range []bool{true, false} {
			to, dir := tree(t, host)
			fill(t, dir, map[string]string{"in/": ""})
			outside := filepath.Join(filepath.Dir(dir), "victim")
			if err := os.WriteFile(outside, []byte("safe"), 0o600); err != nil {
				t.Fatal(err)
			}
			if !host { // the container's own files may be written: its root is the border
				in, err := os.Open(filepath.Join(dir, "in"))
				if err != nil {
					t.Fatal(err)
				}
				defer in.Close()
				to.Root = in
				dir = filepath.Join(dir, "in")
				fill(t, dir, map[string]string{"in/": ""})
				outside = filepath.Join(filepath.Dir(dir), "victim")
			} else {
				outside = filepath.Join(dir, "victim")
			}
			if err := os.WriteFile(outside, []byte("safe"), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := to.Untar(context.Background(), "/in", tarOf(t, hs...))
			if b, rerr := os.ReadFile(outside); string(b) != "safe" {
				t.Errorf("%s (host %v): victim is %q, %v; %v", name, host, b, rerr, err)
			}
		}
	}
}

func TestBrokenArchives(t *testing.T) {
	to, _ := tree(t, false)
	whole := tarOf(t, &tar.Header{Name: "x", Typeflag: tar.TypeReg}).Bytes()
	for name, b := range map[string][]byte{
		"not an archive": bytes.Repeat([]byte("no tar "), 200), "cut in the header": whole[:300], "cut in the file": whole[:514],
		"gzip cut": {0x1f, 0x8b, 8},
	} {
		if _, err := to.Untar(context.Background(), "/", bytes.NewReader(b)); !errs.Is(err, errs.Corrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, magic := range []string{"\xfd7zXZ\x00abc", "\x28\xb5\x2f\xfdabc"} {
		if _, err := to.Untar(context.Background(), "/", strings.NewReader(magic)); !errs.Is(err, errs.Unsupported) {
			t.Errorf("%q: %v", magic, err)
		}
	}
	if _, err := to.Untar(context.Background(), "/nosuch", bytes.NewReader(whole)); !errs.Is(err, errs.NotFound) {
		t.Errorf("no folder: %v", err)
	}
}

// Owners of a container with a user namespace are those inside, in archives and
// on the host.
func TestUserNamespace(t *testing.T) {
	maps := []record.IDMap{{Container: 0, Host: 100000, Size: 1000}, {Container: 2000, Host: 300000, Size: 1}}
	c, dir := tree(t, false)
	c.UIDs, c.GIDs = maps, maps
	fill(t, dir, map[string]string{"f": "1"})
	if err := os.Chown(dir+"/f", 100007, 300000); err != nil {
		t.Fatal(err)
	}
	s, err := c.Source("/f", false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var b bytes.Buffer
	if _, err := s.Tar(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	data := b.Bytes()
	h, err := tar.NewReader(bytes.NewReader(data)).Next()
	if err != nil || h.Uid != 7 || h.Gid != 2000 {
		t.Errorf("%+v, %v", h, err)
	}
	host, hdir := tree(t, true)
	if _, err := host.Copy(context.Background(), s, "/g", true); err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if unix.Stat(hdir+"/g", &st) != nil || st.Uid != 7 || st.Gid != 2000 {
		t.Errorf("out: %d:%d", st.Uid, st.Gid)
	}
	fill(t, dir, map[string]string{"in/": ""})
	if _, err := c.Untar(context.Background(), "/in", bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	if unix.Stat(dir+"/in/f", &st) != nil || st.Uid != 100007 || st.Gid != 300000 {
		t.Errorf("in: %d:%d", st.Uid, st.Gid)
	}
	bad := tarOf(t, &tar.Header{Name: "x", Typeflag: tar.TypeReg, Uid: 1500})
	if _, err := c.Untar(context.Background(), "/in", bad); !errs.Is(err, errs.Invalid) {
		t.Errorf("an owner that is not there: %v", err)
	}
}

// A stream's long zeros become holes; one that ends within a block is whole.
func TestSparseStream(t *testing.T) {
	to, dir := tree(t, false)
	const size = 200<<20 + 5
	pr, pw := io.Pipe()
	go func() {
		w := tar.NewWriter(pw)
		w.WriteHeader(&tar.Header{Name: "big", Typeflag: tar.TypeReg, Size: size, Mode: 0o600})
		io.CopyN(w, zeros{}, size-3)
		io.WriteString(w, "end")
		pw.CloseWithError(w.Close())
	}()
	n, err := to.Untar(context.Background(), "/", pr)
	var st unix.Stat_t
	if err != nil || n != size || unix.Stat(dir+"/big", &st) != nil || st.Size != size || st.Blocks > 1000 {
		t.Errorf("%d, %v: %d bytes in %d blocks", n, err, st.Size, st.Blocks)
	}
	f, err := os.Open(dir + "/big")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	end := make([]byte, 3)
	if _, err := f.ReadAt(end, size-3); err != nil || string(end) != "end" {
		t.Errorf("%q, %v", end, err)
	}
}

// A container's folder that is a link stays one when a folder comes over it.
func TestFolderOverLink(t *testing.T) {
	from, fdir := tree(t, true)
	fill(t, fdir, map[string]string{"d/lib/x": "1"})
	to, dir := tree(t, false)
	fill(t, dir, map[string]string{"usr/lib/old": "0", "lib": "-> /usr/lib"})
	s, err := from.Source("/d/.", false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := to.Copy(context.Background(), s, "/", false); err != nil {
		t.Fatal(err)
	}
	if got := list(t, dir); got != "lib->/usr/lib usr/ usr/lib/ usr/lib/old=0 usr/lib/x=1" {
		t.Error(got)
	}
	fill(t, dir, map[string]string{"d": "a file"})
	s2, err := from.Source("/d", false)
	if err != nil {
		t.Fatal(err)
	}
	defer s2.Close()
	if _, err := to.Copy(context.Background(), s2, "/", false); err != nil {
		if !errs.Is(err, errs.Conflict) {
			t.Error(err)
		}
	} else {
		t.Error("a folder took a file's place")
	}
}

// A hundred thousand entries need no more descriptors than a few.
func TestManyEntries(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	if st, err := os.Stat("/dev/shm"); err == nil && st.IsDir() {
		t.Setenv("TMPDIR", "/dev/shm") // no disk is needed for it
	}
	to, dir := tree(t, false)
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	few := limit
	few.Cur = 64
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
	const folders, files = 100, 1000
	pr, pw := io.Pipe()
	go func() {
		w := tar.NewWriter(pw)
		for i := range folders {
			w.WriteHeader(&tar.Header{Name: fmt.Sprintf("%d/", i), Typeflag: tar.TypeDir, Mode: 0o755})
			for j := range files {
				w.WriteHeader(&tar.Header{Name: fmt.Sprintf("%d/%d", i, j), Typeflag: tar.TypeReg, Mode: 0o600})
			}
		}
		pw.CloseWithError(w.Close())
	}()
	if _, err := to.Untar(context.Background(), "/", pr); err != nil {
		t.Fatal(err)
	}
	if names, err := os.ReadDir(dir + "/99"); err != nil || len(names) != files {
		t.Errorf("%d files, %v", len(names), err)
	}
	s, err := to.All()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	n := counter{}
	if err := s.walk(context.Background(), &n, ""); err != nil || n.n != folders*(files+1) {
		t.Errorf("%d entries, %v", n.n, err)
	}
}

type counter struct{ n int }

func (c *counter) put(*tar.Header, *body) error { c.n++; return nil }

// A file of nothing but a hole, of a size that takes years to read, ends with its
// caller's patience, or as one that no filesystem has.
func TestUntarEndlessHole(t *testing.T) {
	c, _ := tree(t, false)
	for _, size := range []int64{1 << 40, 1 << 62} {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		done := make(chan error, 1)
		go func() {
			_, err := c.Untar(ctx, "/", bytes.NewReader(hole(size)))
			done <- err
		}()
		select {
		case err := <-done:
			if err == nil {
				t.Errorf("%d bytes: no error", size)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%d bytes: it goes on", size)
		}
		cancel()
	}
}

// hole is an archive of one file that has no data (GNU tar's manual, "Storing Sparse
// Files", format 1.0).
func hole(size int64) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	records := map[string]string{"GNU.sparse.realsize": fmt.Sprint(size), "GNU.sparse.name": "f"}
	var pax strings.Builder
	maps.Copy(records, map[string]string{"GNU.sparse.major": "1", "GNU.sparse.minor": "0"})
	for k, v := range records {
		n := len(k) + len(v) + 3
		n += len(fmt.Sprint(n + len(fmt.Sprint(n))))
		fmt.Fprintf(&pax, "%d %s=%s\n", n, k, v)
	}
	var sum [512]byte
	copy(sum[:], "PaxHeaders.0/f")
	copy(sum[100:], "0000644\x000000000\x000000000\x00")
	copy(sum[124:], fmt.Sprintf("%011o\x0000000000000\x00", pax.Len()))
	sum[156] = tar.TypeXHeader
	copy(sum[257:], "ustar\x0000")
	out.Write(summed(sum[:]))
	out.WriteString(pax.String() + strings.Repeat("\x00", 512-pax.Len()%512))
	sparse := "0\n" + strings.Repeat("\x00", 510)
	w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "f", Size: int64(len(sparse)), Mode: 0o644, Format: tar.FormatUSTAR})
	w.Write([]byte(sparse))
	w.Close()
	return out.Bytes()
}

// The names of folders, whose attributes come at the end, are kept within bounds, and
// what else an entry says of a folder is not kept at all.
func TestUntarManyFolders(t *testing.T) {
	c, _ := tree(t, false)
	before := live()
	var kept int64
	r, w := io.Pipe()
	go func() {
		tw := tar.NewWriter(w)
		for i := range 200 {
			name := fmt.Sprint("d", i%100, strings.Repeat("y", 200)) // a record, too
			h := &tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755, PAXRecords: map[string]string{"POUCH.none": strings.Repeat("x", 900<<10)}}
			if tw.WriteHeader(h) != nil {
				break
			}
		}
		kept = live() - before // all but the end has been read
		w.CloseWithError(tw.Close())
	}()
	_, err := c.Untar(context.Background(), "/", r)
	if err != nil || kept > 64<<20 {
		t.Errorf("%v, %d bytes of memory", err, kept)
	}
}

// live is how much memory is in use, bytes, without what the collector has not come to.
func live() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
