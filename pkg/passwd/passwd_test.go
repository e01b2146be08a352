package passwd

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
)

const (
	somePasswd = "# users\nroot:x:0:0:root:/root:/bin/sh\nweb:x:33:34:web:/var/www:/bin/sh\n1234:x:77:77::/seven:/bin/sh\nbroken:x:abc:0::/:\nwild:x:4294967296:0::/:\nneg:x:5:-1::/:\n"
	someGroup  = "root:x:0:\nadm:x:4:root,web\nstaff:x:50:web\nweb:x:34:\n99:x:55:\nhuge:x:4294967296:\n"
)

// root makes a root folder with the two files; empty text makes no file.
func root(t testing.TB, passwd, group string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"passwd": passwd, "group": group} {
		if text == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, "etc", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestResolve(t *testing.T) {
	dir := root(t, somePasswd, someGroup)
	tests := []struct {
		spec   string
		groups []string
		want   User
	}{
		{"", nil, User{0, 0, []uint32{0, 4}, "/root"}},
		{"root", nil, User{0, 0, []uint32{0, 4}, "/root"}},
		{"web", nil, User{33, 34, []uint32{34, 4, 50}, "/var/www"}},
		{"33", nil, User{33, 34, []uint32{34, 4, 50}, "/var/www"}},
		{"web:adm", nil, User{33, 4, []uint32{4}, "/var/www"}},
		{"web:4", nil, User{33, 4, []uint32{4}, "/var/www"}},
		{"web:", nil, User{33, 34, []uint32{34, 4, 50}, "/var/www"}},
		{":staff", nil, User{0, 50, []uint32{50}, "/root"}},
		{"500", nil, User{500, 0, []uint32{0}, "/"}},
		{"500:600", nil, User{500, 600, []uint32{600}, "/"}},
		{"500:staff", nil, User{500, 50, []uint32{50}, "/"}},
		{"2147483647:2147483647", nil, User{2147483647, 2147483647, []uint32{2147483647}, "/"}},
		{"web", []string{"staff", "700", "34"}, User{33, 34, []uint32{34, 4, 50, 700}, "/var/www"}},
		{"500", []string{"adm"}, User{500, 0, []uint32{0, 4}, "/"}},
	}
	for _, tt := range tests {
		got, err := Resolve(dir, tt.spec, tt.groups)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q %v: %+v, %v; want %+v", tt.spec, tt.groups, got, err, tt.want)
		}
	}
}

func TestResolveInvalid(t *testing.T) {
	dir := root(t, somePasswd, someGroup)
	tests := []struct {
		spec   string
		groups []string
		text   string
	}{
		{"nobody", nil, "unable to find user nobody: no matching entries in passwd file"},
		{"web:nogroup", nil, "unable to find group nogroup: no matching entries in group file"},
		{"web", []string{"nogroup"}, "unable to find group nogroup"},
		{"a:b:c", nil, "want user[:group]"},
		{"broken", nil, "unable to find user broken"},
		{"# users", nil, "unable to find user # users"},
		{"wild", nil, "range"},
		{"neg", nil, "range"},
		{"web:huge", nil, "range"},
		{"web", []string{"huge"}, "range"},
	}
	for _, tt := range tests {
		_, err := Resolve(dir, tt.spec, tt.groups)
		if !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%q %v: %v, want kind invalid and %q", tt.spec, tt.groups, err, tt.text)
		}
	}
}

func TestNoFiles(t *testing.T) {
	dir := root(t, "", "")
	got, err := Resolve(dir, "", nil)
	if want := (User{0, 0, []uint32{0}, "/"}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("empty: %+v, %v; want %+v", got, err, want)
	}
	if _, err := Resolve(dir, "root", nil); !errs.Is(err, errs.Invalid) {
		t.Errorf("root without etc/passwd: %v, want kind invalid", err)
	}
	if _, err := Resolve(t.TempDir(), "7", nil); err != nil {
		t.Errorf("7 without etc: %v", err)
	}
}

// CVE-2024-40635: an id that overflows 32 bits became root.
func TestCVE_2024_40635(t *testing.T) {
	dir := root(t, somePasswd+"4294967296:x:5:5::/:\n", someGroup)
	for _, spec := range []string{
		"4294967296", "2147483648", "-1", "18446744073709551616", "0:4294967296", "0:-1", "99999999999999999999999:0",
	} {
		if u, err := Resolve(dir, spec, nil); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %+v, %v; want kind invalid", spec, u, err)
		}
	}
	if _, err := Resolve(dir, "0", []string{"4294967296"}); !errs.Is(err, errs.Invalid) {
		t.Errorf("additional group: %v, want kind invalid", err)
	}
	// A number is an id, also where a user is named like it.
	if u, err := Resolve(dir, "1234", nil); err != nil || u.UID != 1234 || u.GID != 0 {
		t.Errorf("1234: %+v, %v; want uid 1234, gid 0", u, err)
	}
	if u, err := Resolve(dir, "1:99", nil); err != nil || u.GID != 99 {
		t.Errorf("1:99: %+v, %v; want gid 99", u, err)
	}
}

// CVE-2026-47262: an unbounded etc/passwd eats the reader's memory.
func TestCVE_2026_47262(t *testing.T) {
	for _, name := range []string{"passwd", "group"} {
		dir := root(t, somePasswd, someGroup)
		f, err := os.OpenFile(filepath.Join(dir, "etc", name), os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Truncate(64 << 30); err != nil { // sparse
			t.Fatal(err)
		}
		f.Close()
		if _, err := Resolve(dir, "web", nil); !errs.Is(err, errs.Invalid) || !errors.Is(err, fsx.ErrTooLarge) {
			t.Errorf("%s of 64 GiB: %v, want kind invalid, too large", name, err)
		}
	}
	dir := root(t, "x:x:1:1:"+strings.Repeat("y", 2<<20)+"::\n"+somePasswd, someGroup)
	if _, err := Resolve(dir, "web", nil); !errs.Is(err, errs.Invalid) {
		t.Errorf("a line of 2 MiB: %v, want kind invalid", err)
	}
}

// CVE-2023-25173: supplementary groups that lack the primary one.
func TestCVE_2023_25173(t *testing.T) {
	dir := root(t, somePasswd, someGroup)
	for _, spec := range []string{"", "web", "web:adm", "500:600", "500"} {
		u, err := Resolve(dir, spec, []string{"50"})
		if err != nil || len(u.Groups) == 0 || u.Groups[0] != u.GID {
			t.Errorf("%q: %+v, %v; want the gid first of the groups", spec, u, err)
		}
	}
}

func TestHostileFiles(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "passwd")
	if err := os.WriteFile(outside, []byte("spy:x:1:1::/:\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"absolute": outside, "relative": "../../../../../../../../" + outside} {
		dir := root(t, "", someGroup)
		if err := os.Symlink(target, filepath.Join(dir, "etc/passwd")); err != nil {
			t.Fatal(err)
		}
		if u, err := Resolve(dir, "spy", nil); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s link out of the root: %+v, %v; want kind invalid", name, u, err)
		}
	}
	dir := root(t, "", someGroup)
	if err := os.WriteFile(filepath.Join(dir, "users"), []byte(somePasswd), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/users", filepath.Join(dir, "etc/passwd")); err != nil {
		t.Fatal(err)
	}
	if u, err := Resolve(dir, "web", nil); err != nil || u.UID != 33 {
		t.Errorf("link inside the root: %+v, %v; want uid 33", u, err)
	}
	dir = root(t, "", someGroup)
	if err := unix.Mkfifo(filepath.Join(dir, "etc/passwd"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Resolve(dir, "web", nil); !errs.Is(err, errs.Invalid) { // and it does not block
		t.Errorf("fifo: %v, want kind invalid", err)
	}
	dir = root(t, "", someGroup)
	if err := os.Mkdir(filepath.Join(dir, "etc/passwd"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Resolve(dir, "web", nil); !errs.Is(err, errs.Invalid) {
		t.Errorf("folder: %v, want kind invalid", err)
	}
}

// FuzzResolve: whatever the files say, there is an error of kind invalid or ids
// in range with the gid first of the groups.
func FuzzResolve(f *testing.F) {
	f.Add("", somePasswd, someGroup, "adm")
	f.Add("web:staff", somePasswd, someGroup, "")
	f.Add("4294967296:0", "a:b:c", ":::", "-1")
	f.Add("\x00", "\x00:\n:::::", "root:x:0:,,,", "99999999999")
	f.Fuzz(func(t *testing.T, spec, passwd, group, extra string) {
		var groups []string
		if extra != "" {
			groups = []string{extra}
		}
		u, err := Resolve(root(t, passwd, group), spec, groups)
		if err != nil {
			if !errs.Is(err, errs.Invalid) {
				t.Fatalf("kind %s: %v", errs.KindOf(err), err)
			}
			return
		}
		const most = 1<<31 - 1
		if u.UID > most || u.GID > most || len(u.Groups) == 0 || u.Groups[0] != u.GID || u.Home == "" {
			t.Fatalf("%q: %+v", spec, u)
		}
		for _, g := range u.Groups {
			if g > most {
				t.Fatalf("%q: %+v", spec, u)
			}
		}
	})
}
