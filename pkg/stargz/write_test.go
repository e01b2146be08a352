package stargz

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

type file struct {
	tar.Header
	body []byte
}

func reg(name, body string) file {
	return file{tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644}, []byte(body)}
}

func entry(name string, kind byte, to string) file {
	return file{tar.Header{Name: name, Typeflag: kind, Linkname: to, Mode: 0o755}, nil}
}

// pack makes an archive, with zeros behind it as tar(1) has them.
func pack(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		f.Size = int64(len(f.body))
		if err := w.WriteHeader(&f.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for b.Len()%(20*block) != 0 {
		b.WriteByte(0)
	}
	return b.Bytes()
}

// made is what Scan and Write make of an archive.
func made(t testing.TB, archive []byte) ([]byte, Layer) {
	t.Helper()
	p, err := Scan(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	l, err := p.Write(&b, bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), l
}

func gunzip(t testing.TB, data []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func strip(t testing.TB, archive []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Strip(&b, bytes.NewReader(archive)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// names are those that a tar reader finds.
func names(t testing.TB, archive []byte) string {
	t.Helper()
	var out []string
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return strings.Join(out, " ")
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, h.Name)
	}
}

// verified opens a layer as a snapshotter does, and compares each chunk with the
// digest in the table of contents.
func verified(t testing.TB, blob []byte, toc digest.Digest) *estargz.Reader {
	t.Helper()
	r, err := estargz.Open(io.NewSectionReader(bytes.NewReader(blob), 0, int64(len(blob))))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.VerifyTOC(toc); err != nil {
		t.Fatal(err)
	}
	return r
}

// read reads a file as a snapshotter does: by its place in the table of contents.
func read(t testing.TB, r *estargz.Reader, name string) string {
	t.Helper()
	f, err := r.OpenFile(name)
	if err != nil {
		t.Fatal(err)
	}
	v, err := r.Verifiers()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for out.Len() < int(f.Size()) {
		e, ok := r.ChunkEntryForOffset(name, int64(out.Len()))
		if !ok {
			t.Fatalf("%s: no chunk at %d", name, out.Len())
		}
		sum, err := v.Verifier(e)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.MultiWriter(&out, sum), io.NewSectionReader(f, e.ChunkOffset, e.ChunkSize)); err != nil {
			t.Fatal(err)
		}
		if !sum.Verified() {
			t.Fatalf("%s: the chunk at %d is not what the table says", name, e.ChunkOffset)
		}
	}
	return out.String()
}

func someFiles() []file {
	long := reg(strings.Repeat("long/", 60)+"ä", "x")
	long.PAXRecords = map[string]string{"SCHILY.xattr.user.a": "\x00\xff", "SCHILY.xattr.security.capability": "cap"}
	long.ModTime = time.Unix(1, 500)
	return []file{
		entry("./", tar.TypeDir, ""), entry("bin/", tar.TypeDir, ""), reg("bin/sh", "shell"), entry("bin/ash", tar.TypeLink, "bin/sh"),
		entry("sh", tar.TypeSymlink, "bin/sh"), reg("empty", ""), reg("big", strings.Repeat("0123456789abcdef", 5<<16)), long,
		entry("fifo", tar.TypeFifo, ""),
		{tar.Header{Name: "null", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3}, nil},
		reg(".wh.gone", ""), reg("bin/.wh..wh..opq", ""),
	}
}

// TestWrite: what is made is the archive in a gzip, and a layer that can be read by
// its table of contents; the archive comes out of it as it was.
func TestWrite(t *testing.T) {
	archive := pack(t, someFiles()...)
	blob, l := made(t, archive)
	all := gunzip(t, blob)
	if digest.FromBytes(all) != l.DiffID || int64(len(all)) != l.Size {
		t.Errorf("%+v: it unpacks to %d bytes, %s", l, len(all), digest.FromBytes(all))
	}
	if got, want := names(t, all), estargz.NoPrefetchLandmark+" "+names(t, archive); got != want {
		t.Errorf("files %q, want %q", got, want)
	}
	r := verified(t, blob, l.TOC)
	for _, f := range someFiles() {
		e, ok := r.Lookup(f.Name)
		if !ok {
			t.Errorf("%s is not in the table of contents", f.Name)
		} else if f.Typeflag == tar.TypeReg && read(t, r, f.Name) != string(f.body) {
			t.Errorf("%s has another content", f.Name)
		} else if f.Typeflag == tar.TypeChar && (e.DevMajor != 1 || e.DevMinor != 3) {
			t.Errorf("%+v", e)
		}
	}
	if e, _ := r.Lookup(someFiles()[7].Name); string(e.Xattrs["user.a"]) != "\x00\xff" {
		t.Errorf("%+v", e)
	}
	if got := strip(t, all); !bytes.Equal(got, archive) {
		t.Errorf("%d bytes came out, %d went in", len(got), len(archive))
	}
	if again, m := made(t, all); !bytes.Equal(again, blob) || m != l {
		t.Error("made of a layer that was made, it is another")
	}
}

// TestForeign: a layer that the library's own builder made, whose table of contents
// is a file of the archive, and one that says it has a table and lies.
func TestForeign(t *testing.T) {
	archive := pack(t, someFiles()...)
	b, err := estargz.Build(io.NewSectionReader(bytes.NewReader(archive), 0, int64(len(archive))))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	blob, err := io.ReadAll(b)
	if err != nil {
		t.Fatal(err)
	}
	lie := pack(t, append(someFiles(), reg(estargz.TOCTarName, `{"version":1,"entries":[{"name":"etc/shadow","type":"reg"}]}`), reg(estargz.PrefetchLandmark, "x"))...)
	for name, in := range map[string][]byte{"built": gunzip(t, blob), "lie": lie} {
		if got := names(t, strip(t, in)); got != names(t, archive) {
			t.Errorf("%s: files %q", name, got)
		}
		blob, l := made(t, in)
		r := verified(t, blob, l.TOC)
		if _, ok := r.Lookup("etc/shadow"); ok {
			t.Errorf("%s: the table of contents was believed", name)
		}
		if got := read(t, r, "bin/sh"); got != "shell" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestTwice: of a file that comes twice, as from tar -r, the last one counts.
func TestTwice(t *testing.T) {
	in := pack(t, entry("d", tar.TypeDir, ""), reg("d/a", "old"), reg("b", strings.Repeat("b", 600)), entry("d/", tar.TypeDir, ""), reg("./d/a", "new"))
	blob, l := made(t, in)
	if got := names(t, gunzip(t, blob)); got != ".no.prefetch.landmark b d/ ./d/a" {
		t.Errorf("files %q", got)
	}
	if got := read(t, verified(t, blob, l.TOC), "d/a"); got != "new" {
		t.Errorf("%q", got)
	}
}

// TestUp: names that lead out of the root lead nowhere.
func TestUp(t *testing.T) {
	blob, l := made(t, pack(t, reg("../../up", "y")))
	if got := read(t, verified(t, blob, l.TOC), "up"); got != "y" {
		t.Errorf("%q", got)
	}
}

func TestRefused(t *testing.T) {
	global := file{tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "x"}}, nil}
	if _, err := Scan(bytes.NewReader(pack(t, global, reg("a", "x")))); err != nil {
		t.Errorf("a global header: %v", err)
	}
	var bomb bytes.Buffer
	if err := tar.NewWriter(&bomb).WriteHeader(&tar.Header{Name: strings.Repeat("n", 3000), Size: 1 << 38}); err != nil {
		t.Fatal(err)
	}
	sparse := reg("s", "1\n0\n1\nx")
	short := pack(t, file{tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "x"}}, nil}, reg("a", "x"))
	copy(short[block:], "000005 a=b\n") // it ends before it begins
	old := pack(t, sparse)
	old[156] = 'S'
	for name, tt := range map[string]struct {
		data []byte
		kind errs.Kind
		says string
	}{
		"noarchive":           {bytes.Repeat([]byte("no archive"), 100), errs.Corrupt, "invalid tar header"},
		"cut":                 {pack(t, someFiles()...)[:1<<20], errs.Corrupt, "unexpected EOF"},
		"otherkind":           {pack(t, reg("a", ""), entry("./a/", tar.TypeDir, "")), errs.Unsupported, "twice"},
		"links":               {pack(t, entry("a", tar.TypeSymlink, "b"), entry("a", tar.TypeSymlink, "c")), errs.Unsupported, "twice"},
		"linked":              {pack(t, reg("a", "1"), entry("b", tar.TypeLink, "a"), reg("a", "2")), errs.Unsupported, "twice"},
		"latin1":              {pack(t, reg("\xe4", "")), errs.Unsupported, "UTF-8"},
		"gzip's magic number": {pack(t, reg("\x1f\x8b\x08", "x")), errs.Unsupported, "UTF-8"},
		"latin1 link":         {pack(t, entry("a", tar.TypeSymlink, "\xe4")), errs.Unsupported, "UTF-8"},
		"contiguous":          {pack(t, entry("c", tar.TypeCont, "")), errs.Unsupported, "of type '7'"},
		"large":               {bomb.Bytes(), errs.Unsupported, "larger than 256 MiB"},
		"shortrecord":         {short, errs.Corrupt, "invalid tar header"},
		"oldsparse":           {old, errs.Corrupt, "invalid tar header"}, // its checksum; a true one has type 'S'
	} {
		if _, err := Scan(bytes.NewReader(tt.data)); errs.KindOf(err) != tt.kind || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFaults: what the source and the destination fail with comes back.
func TestFaults(t *testing.T) {
	archive := pack(t, someFiles()...)
	p, err := Scan(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	gone := errs.New(errs.Unavailable, "gone")
	in := io.MultiReader(bytes.NewReader(archive[:300_000]), failing{gone})
	if _, err := p.Write(io.Discard, in); !errs.Is(err, errs.Unavailable) {
		t.Errorf("the source: %v", err)
	}
	if _, err := p.Write(failing{gone}, bytes.NewReader(archive)); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("the destination: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error)  { return 0, f.err }
func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestMemory: a large file is not held.
func TestMemory(t *testing.T) {
	const size = 128 << 20
	var head bytes.Buffer
	w := tar.NewWriter(&head)
	if err := w.WriteHeader(&tar.Header{Name: "large", Typeflag: tar.TypeReg, Size: size}); err != nil {
		t.Fatal(err)
	}
	in := func() io.Reader {
		return io.MultiReader(bytes.NewReader(head.Bytes()), io.LimitReader(zeros{}, size))
	}
	p, err := Scan(in())
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	most := &peak{}
	if _, err := p.Write(most, in()); err != nil {
		t.Fatal(err)
	}
	if grown := int64(most.most) - int64(before.HeapAlloc); grown > size/4 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// peak looks now and then at what is in use of the heap, not at what waits for the collector.
type peak struct{ n, most uint64 }

func (p *peak) Write(b []byte) (int, error) {
	if p.n++; p.n%8 == 1 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		p.most = max(p.most, m.HeapAlloc)
	}
	return len(b), nil
}

// FuzzWrite: whatever the archive is, it is refused, or made into a layer with the
// same files that can be verified.
func FuzzWrite(f *testing.F) {
	small := someFiles()
	small[6].body = small[6].body[:700]
	f.Add(pack(f, small...))
	f.Add(pack(f, reg("a", "1"), reg("a", "2"), reg(estargz.TOCTarName, "{}"), reg("b", "3")))
	f.Add(pack(f, file{tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"path": "x"}}, nil}, reg("a", "x"))[:2600])
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Scan(bytes.NewReader(data))
		if err != nil {
			return
		}
		var kept bytes.Buffer
		if err := p.Copy(&kept, bytes.NewReader(data)); err != nil {
			t.Fatal(err)
		}
		blob, l := made(t, data)
		all := gunzip(t, blob)
		if digest.FromBytes(all) != l.DiffID || int64(len(all)) != l.Size {
			t.Fatalf("%+v", l)
		}
		verified(t, blob, l.TOC)
		if got := strip(t, all); !bytes.Equal(got, kept.Bytes()) {
			t.Fatalf("%q\ncame out of\n%q", got, kept.Bytes())
		}
	})
}

// FuzzStrip: an archive loses what is the format's own once, and then nothing more.
func FuzzStrip(f *testing.F) {
	f.Add(pack(f, reg("a", "1"), reg(estargz.TOCTarName, "{}"), reg(estargz.PrefetchLandmark, "x"))[:4000])
	f.Add(pack(f, reg("a", "1"), entry("b", tar.TypeLink, "a"))[:1100])
	f.Fuzz(func(t *testing.T, data []byte) {
		var once, twice bytes.Buffer
		if err := Strip(&once, bytes.NewReader(data)); err != nil {
			if !errs.Is(err, errs.Corrupt) {
				t.Fatalf("kind of %v", err)
			}
			return
		}
		if err := Strip(&twice, bytes.NewReader(once.Bytes())); err != nil || !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Fatalf("%v\n%q\nbecame\n%q", err, once.Bytes(), twice.Bytes())
		}
	})
}
