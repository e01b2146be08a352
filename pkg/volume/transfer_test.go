package volume

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

func TestExportImport(t *testing.T) {
	m, s := open(t)
	ctx := context.Background()
	create(t, m, "from")
	data := s.VolumeData("from")
	file(t, data+"/d/f", "content")
	must(t, os.Symlink("/etc/passwd", data+"/l"))
	must(t, os.Link(data+"/d/f", data+"/hard"))
	must(t, os.Chmod(data, 0o700))
	must(t, os.Chown(data, 7, 8))
	must(t, unix.Setxattr(data+"/d/f", "user.k", []byte("v"), 0))
	var b bytes.Buffer
	must(t, m.Export(ctx, "from", &b))
	create(t, m, "to")
	must(t, m.Import(ctx, "to", bytes.NewReader(b.Bytes())))
	got := s.VolumeData("to")
	var st, a, h unix.Stat_t
	must(t, errors.Join(unix.Stat(got, &st), unix.Stat(got+"/d/f", &a), unix.Stat(got+"/hard", &h)))
	if st.Uid != 7 || st.Gid != 8 || st.Mode&0o7777 != 0o700 || a.Ino != h.Ino {
		t.Errorf("the folder is %d:%d %o, the link %d of %d", st.Uid, st.Gid, st.Mode, h.Ino, a.Ino)
	}
	x := make([]byte, 8)
	n, err := unix.Getxattr(got+"/d/f", "user.k", x)
	if read(t, got+"/d/f") != "content" || err != nil || string(x[:n]) != "v" {
		t.Errorf("content or attribute is lost: %q, %v", x, err)
	}
	if to, err := os.Readlink(got + "/l"); to != "/etc/passwd" {
		t.Errorf("link to %q, %v", to, err)
	}
	wantKind(t, m.Export(ctx, "nosuch", &b), errs.NotFound)
	wantKind(t, m.Import(ctx, "nosuch", &b), errs.NotFound)
	clean(t, m)
}

// CVE-2025-11395, CVE-2026-17106: nothing that a stream holds is written outside
// the volume, and an empty volume stays empty when it is refused.
func TestImportHostile(t *testing.T) {
	m, s := open(t)
	outside := filepath.Join(s.Volumes(), "out") // where ../../out of the data leads
	for name, entries := range map[string][]tar.Header{
		"dot dot":       {{Name: "../../out", Typeflag: tar.TypeReg}},
		"link":          {{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "../.."}, {Name: "l/out", Typeflag: tar.TypeReg}},
		"absolute link": {{Name: "l", Typeflag: tar.TypeSymlink, Linkname: s.Volumes()}, {Name: "l/out", Typeflag: tar.TypeReg}},
		"hard link":     {{Name: "out", Typeflag: tar.TypeLink, Linkname: "../volume.json"}},
		"link of link":  {{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "/"}, {Name: "h", Typeflag: tar.TypeLink, Linkname: "l/../../volume.json"}},
		"link as root":  {{Name: ".", Typeflag: tar.TypeSymlink, Linkname: s.Volumes()}, {Name: "out", Typeflag: tar.TypeReg}},
	} {
		t.Run(name, func(t *testing.T) {
			create(t, m, "hostile")
			var b bytes.Buffer
			w := tar.NewWriter(&b)
			for _, h := range entries {
				h.Mode = 0o644
				must(t, w.WriteHeader(&h))
			}
			must(t, w.Close())
			record := read(t, filepath.Join(s.VolumeDir("hostile"), "volume.json"))
			err := m.Import(context.Background(), "hostile", &b)
			if _, serr := os.Lstat(outside); serr == nil {
				t.Errorf("it was written outside: %v", err)
			}
			if read(t, filepath.Join(s.VolumeDir("hostile"), "volume.json")) != record && err != nil {
				t.Errorf("the record was changed: %v", err)
			}
			if left, rerr := os.ReadDir(s.VolumeData("hostile")); err != nil && (rerr != nil || len(left) > 0) {
				t.Errorf("refused (%v), and left %v", err, left)
			}
			must(t, m.Remove(context.Background(), "hostile", false))
		})
	}
	clean(t, m)
}

// CVE-2023-0778: the volume's data was replaced by a link.
func TestExportFollowsNoLink(t *testing.T) {
	m, s := open(t)
	create(t, m, "swapped")
	secret := t.TempDir()
	file(t, secret+"/f", "secret")
	must(t, os.Remove(s.VolumeData("swapped")))
	must(t, os.Symlink(secret, s.VolumeData("swapped")))
	var b bytes.Buffer
	if err := m.Export(context.Background(), "swapped", &b); err == nil || strings.Contains(b.String(), "secret") {
		t.Errorf("%v: %d bytes", err, b.Len())
	}
}

func TestHold(t *testing.T) {
	m, s := open(t)
	ctx := context.Background()
	_, err := m.Create(ctx, CreateOptions{Name: "held", Options: map[string]string{"type": "tmpfs", "device": "tmpfs", "o": "size=1m"}})
	must(t, err)
	on := func(want bool) {
		t.Helper()
		if is, err := mount.Mounted(s.VolumeData("held")); err != nil || is != want {
			t.Errorf("mounted: %v, %v", is, err)
		}
	}
	for range 2 {
		path, err := m.Hold(ctx, "held")
		if must(t, err); path != s.VolumeData("held") {
			t.Errorf("path %s", path)
		}
		on(true)
	}
	wantKind(t, m.Remove(ctx, "held", false), errs.InUse)
	clean(t, m) // a mount that is held is no leftover
	var b bytes.Buffer
	must(t, m.Export(ctx, "held", &b))
	on(true)
	for range 2 {
		must(t, m.LetGo(ctx, "held"))
		on(false)
	}
	must(t, m.Export(ctx, "held", &b)) // mounts it meanwhile
	on(false)
	// The hold of a process that was killed is none.
	_, err = s.HoldVolume("held", &record.Proc{Pid: os.Getpid(), Start: 1})
	must(t, err)
	must(t, m.Remove(ctx, "held", false))
	stale, err := s.StaleHolds()
	if must(t, err); len(stale) != 1 || stale[0].Volume != "held" {
		t.Errorf("stale holds %v", stale)
	}
	if lo, err := m.Leftovers(ctx); err != nil || len(lo) != 1 {
		t.Errorf("leftovers %v, %v", lo, err)
	}
	must(t, m.Clean(ctx))
	clean(t, m)
	if left, err := filepath.Glob(filepath.Join(s.RunRoot, "locks", "h-*")); err != nil || len(left) > 0 {
		t.Errorf("holds left: %v", left)
	}
	wantKind(t, m.LetGo(ctx, "held"), errs.NotFound)
	_, err = m.Hold(ctx, "held")
	wantKind(t, err, errs.NotFound)
}

func TestDu(t *testing.T) {
	m, s := open(t)
	create(t, m, "used")
	create(t, m, "free")
	for _, v := range []string{"used", "free"} {
		file(t, s.VolumeData(v)+"/f", strings.Repeat("x", 100_000))
		must(t, os.Link(s.VolumeData(v)+"/f", s.VolumeData(v)+"/again"))
	}
	users := map[string][]string{"used": {"someone"}}
	used, err := m.Du(context.Background(), "used", users)
	must(t, err)
	free, err := m.Du(context.Background(), "free", users)
	must(t, err)
	if used.Size < 100_000 || used.Size > 150_000 || used.Reclaimable != 0 || used.Containers != 1 || free.Reclaimable != free.Size || free.Size != used.Size {
		t.Errorf("%+v, %+v", used, free)
	}
	_, err = m.Create(context.Background(), CreateOptions{Name: "device", Options: map[string]string{"type": "tmpfs", "device": "tmpfs"}})
	must(t, err)
	if u, err := m.Du(context.Background(), "device", nil); err != nil || u.Size != -1 {
		t.Errorf("not mounted: %+v, %v", u, err)
	}
}

// importEnv is for TestKilledImport what victimEnv is for TestKilled.
const importEnv = "POUCH_TEST_IMPORT_VICTIM"

// TestKilledImport kills imports into an empty volume: it has all or nothing, once
// the leftovers are cleaned.
func TestKilledImport(t *testing.T) {
	if args := os.Getenv(importEnv); args != "" {
		importVictim(args)
		return
	}
	m, s := open(t)
	create(t, m, "src")
	for i := range killFiles {
		file(t, fmt.Sprintf("%s/%d/f", s.VolumeData("src"), i), fmt.Sprint("content ", i))
	}
	all := 0
	for range 20 {
		self, err := os.Executable()
		must(t, err)
		c := exec.Command(self, "-test.run=^TestKilledImport$")
		c.Env = append(os.Environ(), importEnv+"="+s.Root+" "+s.RunRoot)
		ready, err := c.StdoutPipe()
		must(t, err)
		must(t, c.Start())
		if _, err := ready.Read(make([]byte, 1)); err != nil {
			t.Errorf("the victim did not begin: %v", err)
		}
		time.Sleep(time.Duration(rand.IntN(12_000)) * time.Microsecond)
		must(t, c.Process.Kill())
		if err := c.Wait(); err == nil {
			t.Error("the victim ended before it was killed")
		}
		must(t, m.Clean(context.Background()))
		clean(t, m)
		got, err := os.ReadDir(s.VolumeData("kv"))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if must(t, err); len(got) != 0 && len(got) != killFiles {
			t.Fatalf("%d of %d folders", len(got), killFiles)
		}
		all += len(got)
	}
	t.Logf("%d of 20 were complete", all/killFiles)
}

// importVictim imports until it is killed.
func importVictim(args string) {
	var root, run string
	fmt.Sscan(args, &root, &run)
	s, err := store.Open(root, run)
	m, ctx := Open(s), context.Background()
	var b bytes.Buffer
	err = errors.Join(err, m.Export(ctx, "src", &b))
	fmt.Print("x")
	for err == nil {
		_, cerr := m.Create(ctx, CreateOptions{Name: "kv"})
		err = errors.Join(cerr, m.Import(ctx, "kv", bytes.NewReader(b.Bytes())), m.Remove(ctx, "kv", false))
	}
	me, _ := proc.Self()
	fmt.Fprintln(os.Stderr, me, err)
	os.Exit(0)
}

func create(t *testing.T, m *Manager, name string) {
	t.Helper()
	_, err := m.Create(context.Background(), CreateOptions{Name: name})
	must(t, err)
}

// A stream that is cut anywhere leaves an empty volume empty.
func TestImportCut(t *testing.T) {
	m, s := open(t)
	create(t, m, "from")
	file(t, s.VolumeData("from")+"/a", strings.Repeat("x", 1000))
	file(t, s.VolumeData("from")+"/b", strings.Repeat("y", 1024))
	var b bytes.Buffer
	must(t, m.Export(context.Background(), "from", &b))
	create(t, m, "cut")
	end := b.Len() - 1024 // the mark
	for n := 100; n < end; n += 100 {
		wantKind(t, m.Import(context.Background(), "cut", bytes.NewReader(b.Bytes()[:n])), errs.Corrupt)
	}
	for n := 512; n <= end; n += 512 {
		wantKind(t, m.Import(context.Background(), "cut", bytes.NewReader(b.Bytes()[:n])), errs.Corrupt)
	}
	if left, err := os.ReadDir(s.VolumeData("cut")); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
	must(t, m.Import(context.Background(), "cut", &b))
}
