package image

import (
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

const someDigest = "sha256:9b2ca1ee1cbc7d1d3b4ec4f2a7d0d0c1c65e1e1e3b7e3d7b4f8ba9c6a1d2e3f4"

func TestReadLock(t *testing.T) {
	got, err := ReadLock(strings.NewReader("# made by hand\n\n busybox\t" + someDigest + " \nlocalhost:5000/a/b:1 " + someDigest + "\nbusybox:latest " + someDigest + "\n"))
	if err != nil || len(got) != 2 || got[0].Name != "docker.io/library/busybox:latest" || got[1].Name != "localhost:5000/a/b:1" {
		t.Errorf("%v %v", got, err)
	}
	for _, bad := range []string{
		"busybox", "busybox sha256:12", "BUSYBOX " + someDigest, "a " + someDigest + " c", strings.Repeat("x", 2000),
		"a " + someDigest + "\na sha256:" + strings.Repeat("0", 64), strings.Repeat("#\n", maxLockLines+1),
	} {
		if _, err := ReadLock(strings.NewReader(bad)); !errs.Is(err, errs.Invalid) {
			t.Errorf("%.60q: %v", bad, err)
		}
	}
	names, err := ReadNames(strings.NewReader("busybox " + someDigest + "\nbusybox\nnginx\n"))
	if err != nil || len(names) != 2 || names[1] != "docker.io/library/nginx:latest" {
		t.Errorf("%v %v", names, err)
	}
}

// FuzzReadLock: what is read can be written and read again, and is the same.
func FuzzReadLock(f *testing.F) {
	f.Add("busybox " + someDigest)
	f.Add("# x\nlocalhost:5000/a@" + someDigest + " " + someDigest)
	f.Fuzz(func(t *testing.T, s string) {
		lock, err := ReadLock(strings.NewReader(s))
		if err != nil {
			return
		}
		var text strings.Builder
		for _, l := range lock {
			text.WriteString(l.String() + "\n")
		}
		again, err := ReadLock(strings.NewReader(text.String()))
		if err != nil || len(again) != len(lock) {
			t.Fatalf("%q: %v, then %v (%v)", s, lock, again, err)
		}
		for i := range lock {
			if lock[i] != again[i] {
				t.Errorf("%v is now %v", lock[i], again[i])
			}
		}
	})
}
