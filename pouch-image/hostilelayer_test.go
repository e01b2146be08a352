package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/test/registrytest"
)

// block is a tar header (POSIX.1-1988, ustar) whose size field is as it is given.
func block(name, size string, kind byte) []byte {
	b := make([]byte, 512)
	copy(b, name)
	copy(b[100:], "0000755\x000000000\x000000000\x00")
	copy(b[124:], size)
	copy(b[136:], "00000000000\x00        ")
	b[156] = kind
	copy(b[257:], "ustar\x0000")
	sum := 0
	for _, c := range b {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	return b
}

// content pads data to whole blocks.
func content(data []byte) []byte {
	return append(data, make([]byte, (512-len(data)%512)%512)...)
}

func octal(n int) string { return fmt.Sprintf("%011o\x00", n) }

// entryOf is a header with its content.
func entryOf(name string, kind byte, data []byte) []byte {
	return append(block(name, octal(len(data)), kind), content(data)...)
}

// paxed is a header of extended records (pax(1)).
func paxed(records ...string) []byte {
	var b bytes.Buffer
	for _, r := range records {
		n := len(r) + 2
		for n != len(strconv.Itoa(n))+len(r)+2 {
			n = len(strconv.Itoa(n)) + len(r) + 2
		}
		fmt.Fprintf(&b, "%d %s\n", n, r)
	}
	return entryOf("pax", 'x', b.Bytes())
}

// joined ends an archive of these parts.
func joined(parts ...[]byte) []byte {
	return append(bytes.Join(parts, nil), make([]byte, 1024)...)
}

// withLayer is an image whose first layer's blob is another one, by its true digest.
func withLayer(t *testing.T, img registrytest.Image, blob []byte, kind string) registrytest.Image {
	t.Helper()
	img.Manifest = edited(t, img, func(m *ocispec.Manifest) {
		m.Layers[0].Digest, m.Layers[0].Size = digest.FromBytes(blob), int64(len(blob))
		if kind != "" {
			m.Layers[0].MediaType = kind
		}
	})
	img.Layers = [][]byte{blob}
	return img
}

// resident is the most memory that a process has had since forget, KiB.
func resident(t *testing.T, p record.Proc) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func forget(t *testing.T, p record.Proc) {
	t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.Pid), []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
}

// TestHostileHeaders: layers whose headers or whose compression lie end in time,
// without much memory, and leave nothing.
func TestHostileHeaders(t *testing.T) {
	const most = 160 << 10 // KiB of containerd
	sparse := []string{"GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=big"}
	holes := bytes.Repeat([]byte("0\n0\n"), 2<<20)
	body := entryOf("f", '0', bytes.Repeat([]byte("x"), 100_000))
	// Each has files of its own: a layer that is unpacked already is not unpacked again,
	// and some of these come through.
	bodies := 0
	instead := func(zstd bool, change func(layer []byte) []byte, mediaType string) registrytest.Image {
		bodies++
		img := registrytest.Build(t, registrytest.Kind{Zstd: zstd}, joined(body, entryOf(fmt.Sprint("n", bodies), '0', nil)))
		return withLayer(t, img, change(img.Layers[0]), mediaType)
	}
	as := func(layer []byte) []byte { return layer }
	cut := func(layer []byte) []byte { return layer[:len(layer)-9] }
	raw := func(tar []byte) registrytest.Image { return registrytest.Build(t, registrytest.Kind{}, tar) }
	opaque := make([]*tar.Header, 3_000)
	for i := range opaque {
		opaque[i] = &tar.Header{Name: fmt.Sprintf("d%d/.wh..wh..opq", i), Typeflag: tar.TypeReg}
	}
	same := make([][]byte, 100_000)
	for i := range same {
		same[i] = entryOf("d/.wh..wh..opq", '0', nil)
	}
	between := make([][]byte, 0, 10_000)
	for i := range 5_000 {
		between = append(between, entryOf(fmt.Sprint("d/", i), '0', nil), entryOf("d/.wh..wh..opq", '0', nil))
	}
	var zeros []*tar.Header
	for i := range 16 {
		zeros = append(zeros, &tar.Header{Name: fmt.Sprint("f", i), Typeflag: tar.TypeReg, Size: 4 << 20})
	}
	d, before := settledContent(t)
	engine := containerd(t)
	for name, c := range map[string]struct {
		img    registrytest.Image
		code   int
		stderr string
	}{
		"a zstd bomb":                             {registrytest.Build(t, registrytest.Kind{Zstd: true}, hostileLayer(t, zeros...)), 65, `more than the 16777216 bytes`},
		"a sparse file of 1 TiB":                  {raw(joined(paxed(append(sparse, "GNU.sparse.realsize=1099511627776")...), entryOf("big", '0', content([]byte("1\n1099511627776\n0\n"))))), 65, `more than the 16777216 bytes`},
		"a sparse map of millions CVE-2025-58183": {raw(joined(paxed(append(sparse, "GNU.sparse.realsize=0")...), entryOf("big", '0', append([]byte("2097152\n"), holes...)))), 65, `sparse|invalid tar header`},
		"a sparse map that runs back":             {raw(joined(paxed(append(sparse, "GNU.sparse.realsize=10")...), entryOf("big", '0', content([]byte("2\n5\n5\n0\n5\n"))))), 65, `invalid tar header`},
		"a size of 1 TiB":                         {raw(append(block("f", "\x80\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00", '0'), make([]byte, 4096)...)), 65, `unexpected EOF`},
		"a negative size":                         {raw(append(block("f", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00", '0'), make([]byte, 4096)...)), 65, `invalid tar header`},
		"a size that is no number":                {raw(append(block("f", "99999999999\x00", '0'), make([]byte, 4096)...)), 65, `invalid tar header`},
		"a checksum that is wrong":                {raw(append(append([]byte("y"), block("f", octal(0), '0')[1:]...), make([]byte, 1024)...)), 65, `invalid tar header`},
		"a pax header of 8 MiB":                   {raw(joined(paxed("comment="+strings.Repeat("a", 8<<20)), body)), 65, `header field too long`},
		"a long name of 8 MiB":                    {raw(joined(entryOf("././@LongLink", 'L', bytes.Repeat([]byte("a/"), 4<<20)), body)), 65, `header field too long`},
		"a pax record without an end":             {raw(joined(entryOf("pax", 'x', []byte("999999 path=x\n")), body)), 65, `invalid tar header`},
		"a pax path with a zero":                  {raw(joined(paxed("path=a\x00b"), body)), 65, `invalid tar header`},
		"a path of 5,000 folders":                 {raw(joined(paxed("path="+strings.Repeat("a/", 5000)+"f"), body)), 65, `file name too long`},
		"a name of 300 bytes":                     {raw(joined(paxed("path="+strings.Repeat("a", 300)), body)), 65, `file name too long`},
		"a link to itself":                        {raw(hostileLayer(t, &tar.Header{Name: "a", Typeflag: tar.TypeSymlink, Linkname: "a"}, &tar.Header{Name: "a/f", Typeflag: tar.TypeReg})), 65, `too many l|not a directory`},
		"a hard link to nothing":                  {raw(hostileLayer(t, &tar.Header{Name: "a", Typeflag: tar.TypeLink, Linkname: "none"})), 65, `no such file`},
		"an entry of no known kind":               {raw(joined(entryOf("f", 'Z', nil))), 65, `unhandled|unknown`},
		"3,000 opaque folders":                    {raw(hostileLayer(t, opaque...)), 0, ``},
		"100,000 times opaque GHSA-rp3h":          {raw(joined(same...)), 0, ``},
		"opaque after each file":                  {raw(joined(between...)), 0, ``},
		"gzip, cut off CVE-2021-20291":            {instead(false, cut, ""), 65, `unexpected EOF|complete gzip`},
		"gzip, broken":                            {instead(false, func(l []byte) []byte { return append(bytes.Clone(l[:20]), make([]byte, 1000)...) }, ""), 65, `unpack layer`},
		"zstd, cut off":                           {instead(true, cut, ""), 65, `unexpected EOF`},
		"zstd with a window of 2 GiB":             {instead(true, func([]byte) []byte { return append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8}, make([]byte, 1000)...) }, ""), 65, `window|invalid|unpack layer`},
		"gzip that is called zstd":                {instead(false, as, ocispec.MediaTypeImageLayerZstd), -1, ``},
		"zstd that is called gzip":                {instead(true, as, ocispec.MediaTypeImageLayerGzip), -1, ``},
		"gzip that is called plain":               {instead(false, as, ocispec.MediaTypeImageLayer), -1, ``},
		"nothing at all":                          {instead(false, func([]byte) []byte { return nil }, ""), 65, `unpack`},
	} {
		t.Run(name, func(t *testing.T) {
			r := registrytest.Start(t, registrytest.Options{})
			r.Push(t, "x", "1", c.img)
			ref := r.Host + "/x:1"
			forget(t, engine)
			start := time.Now()
			got := pouch(t, "pull", "-q", "--retry", "0", "--max-layer-size", "16m", ref)
			took := time.Since(start)
			if got.code != c.code && (c.code >= 0 || got.code != 65 && got.code != 0) || !matches(c.stderr, got.stderr) && c.code >= 0 || strings.Count(got.stderr, "\n") > 1 || strings.Contains(got.stderr, "containerd-mount") || len(got.stderr) > 1000 {
				t.Errorf("exit %d, want %d; stderr %.1000q, want %q", got.code, c.code, got.stderr, c.stderr)
			}
			if took > 150*time.Second {
				t.Errorf("it took %v", took)
			}
			if n := resident(t, engine); n > most {
				t.Errorf("containerd had %d KiB of memory", n)
			}
			if got.code == 0 {
				expect(t, 0, `(?s).*Deleted.*`, ``, "rm", ref)
			}
			expect(t, 1, ``, ``, "exists", ref)
		})
	}
	expect(t, 0, ``, `reclaimed`, "prune", "-f")
	d.becomes(t, before)
	noLeases(t)
}
