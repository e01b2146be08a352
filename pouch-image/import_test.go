package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/test/registrytest"
)

// rootTar is a small root filesystem.
func rootTar(t *testing.T) []byte {
	return registrytest.Tar(t,
		registrytest.File{Name: "greeting", Body: []byte("hello\n")}, registrytest.File{Name: "link", Link: "greeting"},
	)
}

// names of what is in a tar stream.
func names(t *testing.T, data string) (out []string) {
	t.Helper()
	for tr := tar.NewReader(strings.NewReader(data)); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, h.Name)
	}
}

// TestImportAndExport: a root goes in, plain and compressed, and comes out again.
func TestImportAndExport(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "root.tar.gz")
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write(rootTar(t))
	z.Close()
	if err := os.WriteFile(file, zipped.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	id := `sha256:[0-9a-f]{64}\n`
	expect(t, 0, id, ``, "import", "-c", `CMD ["/bin/x"]`, "-c", "ENV A=1", "-m", "from afar", "--platform", "linux/arm64/v8", file, "imported:1")
	expect(t, 0, `\["/bin/x"\] \["A=1"\] from afar arm64 v8\n`, ``, "inspect", "-f", "{{json .Config.Cmd}} {{json .Config.Env}} {{.Comment}} {{.Architecture}} {{.Variant}}", "imported:1")
	c := command(t, "import", "-", "imported:2")
	c.Stdin = bytes.NewReader(rootTar(t)) // the same layer
	if r := do(t, c); r.code != 0 {
		t.Errorf("from a pipe: %+v", r)
	}
	out := expect(t, 0, `(?s).*`, ``, "export", "imported:2")
	if got := strings.Join(names(t, out.out), " "); got != "greeting link" {
		t.Errorf("exported: %q", got)
	}
	expect(t, 0, ``, ``, "export", "-o", filepath.Join(dir, "out.tar"), "imported:1")
	if data, err := os.ReadFile(filepath.Join(dir, "out.tar")); err != nil || string(data) != out.out {
		t.Errorf("export -o is other than stdout (%v)", err)
	}
	expect(t, 1, ``, `nothing came`, "import", "/dev/null", "x:1")
	expect(t, 1, ``, `no tar archive`, "import", "import_test.go", "x:1")
	expect(t, 1, ``, `curl -fL`, "import", "http://127.0.0.1/x", "x:1")
	expect(t, 1, ``, `--change "FROM x"`, "import", "-c", "FROM x", file)
	expect(t, 1, ``, `no such image`, "export", "-o", filepath.Join(dir, "no.tar"), "nosuch")
	expect(t, 1, ``, ``, "exists", "x:1")
	expect(t, 0, ``, ``, "exists", "imported:1")
	expect(t, 0, `(?s).*Deleted.*Deleted.*`, ``, "rm", "imported:1", "imported:2")
	noLeases(t)
}

// TestUntag takes the names; the image stays until it is removed.
func TestUntag(t *testing.T) {
	img := pulled(t, "untagged:1", registrytest.Kind{})
	expect(t, 0, ``, ``, "tag", "untagged:1", "untagged:2")
	expect(t, 1, ``, `other:1 is no name of this image`, "untag", "untagged:1", "untagged:2", "other:1")
	expect(t, 0, ``, ``, "untag", "untagged:1", "untagged:2")
	expect(t, 1, ``, ``, "exists", "untagged:2")
	expect(t, 0, ``, ``, "untag", "untagged:1")
	id := img.ID().Encoded()[:12]
	expect(t, 0, `<none> <none>\n`, ``, "ls", "-f", "dangling=true", "--format", "{{.Repository}} {{.Tag}}")
	expect(t, 0, ``, ``, "tag", id, "untagged:3")
	expect(t, 0, ``, ``, "ls", "-q", "-f", "dangling=true")
	expect(t, 0, `(?s)Untagged: untagged:3\nDeleted: .*`, ``, "rm", "untagged:3")

	// One that is pulled again has a name again: prune leaves it, and with that name it goes.
	r := registrytest.Start(t, registrytest.Options{})
	r.Push(t, "x", "1", busybox(t, registrytest.Kind{}))
	expect(t, 0, `.*\n`, ``, "pull", "-q", r.Host+"/x:1")
	expect(t, 0, ``, ``, "untag", r.Host+"/x:1")
	expect(t, 0, `.*\n`, ``, "pull", "-q", r.Host+"/x:1")
	expect(t, 0, ``, ``, "ls", "-q", "-f", "dangling=true")
	expect(t, 0, ``, `Total reclaimed space: 0B\n`, "prune", "-f")
	expect(t, 0, `(?s)Untagged: .*/x:1\nDeleted: .*`, ``, "rm", r.Host+"/x:1")
	expect(t, 0, ``, ``, "ls", "-q", "-f", "dangling=true")
}

// TestMount: the image can be read and not written, outlives its name while it is
// mounted, and nothing is left of it then.
func TestMount(t *testing.T) {
	if base == "" {
		t.Skip("needs root and bin/containerd")
	}
	pulled(t, "mounted:1", registrytest.Kind{})
	dir := t.TempDir()
	own := strings.TrimSpace(expect(t, 0, `/.*\n`, ``, "mount", "mounted:1").out)
	t.Cleanup(func() { pouch(t, "unmount", "-a") })
	expect(t, 0, own+`\n`, ``, "mount", "mounted:1")
	expect(t, 0, dir+`\n`, ``, "mount", "mounted:1", dir)
	expect(t, 1, ``, `something is mounted there`, "mount", "mounted:1", dir)
	expect(t, 1, ``, `no such file`, "mount", "mounted:1", filepath.Join(dir, "nosuch"))
	for _, at := range []string{own, dir} {
		if _, err := os.Stat(filepath.Join(at, "bin/busybox")); err != nil {
			t.Error(err)
		}
		if err := os.WriteFile(filepath.Join(at, "x"), nil, 0o600); !errors.Is(err, unix.EROFS) {
			t.Errorf("write to %s: %v", at, err)
		}
	}
	expect(t, 0, `(?s).*`, ``, "rm", "mounted:1")
	expect(t, 0, `(?s).*mounted:1 +/.*mounted:1 +/.*`, ``, "mount")
	if _, err := os.Stat(filepath.Join(dir, "bin/busybox")); err != nil {
		t.Errorf("the image was removed: %v", err)
	}
	expect(t, 0, dir+`\n`, ``, "unmount", dir)
	if err := unix.Unmount(own, 0); err != nil { // behind Pouch's back
		t.Fatal(err)
	}
	expect(t, 0, ``, ``, "mount", "-q")
	if _, err := os.Stat(own); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is left: %v", err)
	}
	expect(t, 1, ``, `no image is mounted`, "umount", "mounted:1")

	// What somebody else has mounted there in the meantime is not Pouch's to undo.
	pulled(t, "mounted:2", registrytest.Kind{})
	expect(t, 0, dir+`\n`, ``, "mount", "mounted:2", dir)
	if err := unix.Unmount(dir, 0); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("other", dir, "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	expect(t, 0, ``, ``, "unmount", "-a")
	if err := unix.Unmount(dir, 0); err != nil {
		t.Errorf("the other mount is gone: %v", err)
	}
	expect(t, 0, `(?s).*Deleted.*`, ``, "rm", "mounted:2")
}
