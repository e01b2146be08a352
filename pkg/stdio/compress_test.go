package stdio

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func packed() LogOptions {
	return LogOptions{MaxSize: 2000, MaxFile: 4, Compress: true}
}

// settled waits until nothing is being compressed.
func settled(l *JSONLog) {
	for {
		l.mu.Lock()
		n := len(l.rotated)
		l.mu.Unlock()
		if n == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func write(l *JSONLog, from, to int) {
	w := NewLines(l, "stdout")
	for i := from; i < to; i++ {
		fmt.Fprintf(w, "line %d\n", i)
	}
}

func TestRotatedFilesAreCompressedAndRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "container.log")
	l := openLog(t, path, packed())
	for i := range 10 {
		write(l, 20*i, 20*i+20)
		settled(l)
	}
	for i := 1; i <= 3; i++ {
		if _, err := os.Lstat(chainName(path, i)); err == nil {
			t.Errorf("%s is there uncompressed", chainName(path, i))
		}
		if _, err := os.Lstat(chainName(path, i) + ".gz"); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Lstat(chainName(path, 4) + ".gz"); err == nil {
		t.Error("a file too many is kept")
	}
	es := readAll(t, path, all)
	if len(es) < 60 {
		t.Fatalf("%d entries", len(es))
	}
	for i, e := range es {
		if want := fmt.Sprintf("line %d\n", 200-len(es)+i); e.Text != want {
			t.Fatalf("entry %d is %q, want %q", i, e.Text, want)
		}
	}
	for _, n := range []int{0, 1, 30, 59, len(es) - 1, len(es), len(es) + 1} {
		got := readAll(t, path, ReadOptions{Tail: n})
		if want := min(n, len(es)); len(got) != want || want > 0 && got[0].Text != es[len(es)-want].Text {
			t.Errorf("tail %d: %d entries", n, len(got))
		}
	}
}

func TestTailCountsUpToUntil(t *testing.T) {
	path := filepath.Join(t.TempDir(), "container.log")
	l := openLog(t, path, packed())
	base := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 100 {
		l.Put(fmt.Appendf(nil, "line %d\n", i), "stdout", base.Add(time.Duration(i)*time.Second))
	}
	for _, until := range []int{40, 70, 99} {
		es := readAll(t, path, ReadOptions{Tail: 3, Until: base.Add(time.Duration(until) * time.Second)})
		if len(es) != 3 || es[2].Text != fmt.Sprintf("line %d\n", until) || es[0].Text != fmt.Sprintf("line %d\n", until-2) {
			t.Errorf("tail 3 until second %d: %+v", until, es)
		}
	}
}

// A process that was killed between the compressed file and the removal of the
// plain one leaves both; one that was killed in a rotation leaves a gap.
func TestHalfDoneRotationsAreRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "container.log")
	o := packed()
	o.Compress = false
	l := openLog(t, path, o)
	write(l, 0, 60)
	l.Close()
	want := text(readAll(t, path, all), "")
	pack(t, chainName(path, 1))
	if got := text(readAll(t, path, all), ""); got != want {
		t.Errorf("with both files: %q, want %q", got, want)
	}
	l = openLog(t, path, packed()) // does the rest
	settled(l)
	if _, err := os.Lstat(chainName(path, 1)); err == nil {
		t.Error("the plain file is still there")
	}
	if got := text(readAll(t, path, all), ""); got != want {
		t.Errorf("compressed later: %q, want %q", got, want)
	}
	l.Close()
	os.Rename(chainName(path, 2)+".gz", chainName(path, 3)+".gz")
	os.Rename(chainName(path, 1)+".gz", chainName(path, 2)+".gz")
	if got := text(readAll(t, path, all), ""); got != want {
		t.Errorf("with a gap: %q, want %q", got, want)
	}
}

func pack(t *testing.T, path string) {
	t.Helper()
	from, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.Create(path + ".gz")
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	z := gzip.NewWriter(to)
	z.Comment, _ = identity(from)
	io.Copy(z, from)
	z.Close()
}

// Who follows and lags behind loses nothing that is still kept, compressed or
// not.
func TestFollowIntoCompressedFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "container.log")
	o := packed()
	o.MaxFile = 50
	l := openLog(t, path, o)
	write(l, 0, 1)
	ended := make(chan struct{})
	n := 0
	for e, err := range ReadLog(context.Background(), path, ReadOptions{Tail: -1, Follow: true, Ended: ended}) {
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("line %d\n", n); e.Text != want {
			t.Fatalf("entry %q, want %q", e.Text, want)
		}
		if n++; n == 1 { // many rotations while this reader sleeps
			for i := 1; i < 500; i += 50 {
				write(l, i, i+50)
				settled(l)
			}
			close(ended)
		}
	}
	if n != 501 {
		t.Errorf("%d entries", n)
	}
}

func TestCloseLeavesWhatIsNotCompressedYet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "container.log")
	o := packed()
	o.MaxSize = 4 << 20
	l := openLog(t, path, o)
	big := bytes.Repeat([]byte("x"), 16000)
	for range 300 {
		l.Put(append(big, '\n'), "stdout", time.Now())
	}
	l.Close()
	entries, _ := os.ReadDir(filepath.Dir(path))
	for _, e := range entries {
		switch e.Name() {
		case "container.log", "container.log.1", "container.log.1.gz":
		default:
			t.Errorf("%s is left", e.Name())
		}
	}
	if es := readAll(t, path, all); len(es) < 20 {
		t.Errorf("%d entries", len(es))
	}
}

// Half a line of a power cut does not spoil the next one.
func TestHalfALineIsEnded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "container.log")
	os.WriteFile(path, []byte(`{"log":"lo`), 0o600)
	l := openLog(t, path, DefaultLogOptions())
	write(l, 0, 2)
	if got := text(readAll(t, path, all), ""); got != "line 0\nline 1\n" {
		t.Errorf("%q", got)
	}
}

func TestAttrsStandWithEveryEntry(t *testing.T) {
	path := filepath.Join(t.TempDir(), "container.log")
	o := DefaultLogOptions()
	o.Attrs = map[string]string{"tag": `a "b"`, "job": "7"}
	write(openLog(t, path, o), 0, 1)
	es := readAll(t, path, all)
	if len(es) != 1 || es[0].Attrs["tag"] != `a "b"` || es[0].Attrs["job"] != "7" {
		t.Errorf("%+v", es)
	}
}
