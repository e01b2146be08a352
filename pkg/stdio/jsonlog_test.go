package stdio

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

func openLog(t *testing.T, path string, o LogOptions) *JSONLog {
	t.Helper()
	l, err := OpenJSONLog(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func readAll(t *testing.T, path string, o ReadOptions) []Entry {
	t.Helper()
	var out []Entry
	for e, err := range ReadLog(context.Background(), path, o) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

func text(es []Entry, stream string) string {
	var b strings.Builder
	for _, e := range es {
		if stream == "" || e.Stream == stream {
			b.WriteString(e.Text)
		}
	}
	return b.String()
}

var all = ReadOptions{Tail: -1}

func TestLogKeepsTextAndStreams(t *testing.T) {
	path := filepath.Join(t.TempDir(), "container.log")
	l := openLog(t, path, DefaultLogOptions())
	out, err := NewLines(l, "stdout"), NewLines(l, "stderr")
	in := "one\ntw\"o\\ \x01\x1b[0m <&> \u2028 é\nlast without newline"
	for _, c := range []byte(in) { // one byte at a time
		out.Write([]byte{c})
	}
	err.Write([]byte("oops\n"))
	out.Close()
	es := readAll(t, path, all)
	if got := text(es, "stdout"); got != in {
		t.Errorf("stdout: %q, want %q", got, in)
	}
	if got := text(es, "stderr"); got != "oops\n" {
		t.Errorf("stderr: %q", got)
	}
	if len(es) != 4 || es[3].Text != "last without newline" || time.Since(es[0].Time) > time.Minute {
		t.Errorf("entries: %+v", es)
	}
	if st, _ := os.Stat(path); st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", st.Mode())
	}
}

func TestLongLineIsSplitBetweenCharacters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "container.log")
	l := openLog(t, path, DefaultLogOptions())
	in := strings.Repeat("é", 3*maxLine) + "\n" // maxLine is even: shift by one byte
	in = "x" + in
	w := NewLines(l, "stdout")
	w.Write([]byte(in))
	w.Close()
	es := readAll(t, path, all)
	if text(es, "") != in {
		t.Error("the pieces are not the line")
	}
	for i, e := range es {
		if len(e.Text) > maxLine || !utf8.ValidString(e.Text) || strings.HasSuffix(e.Text, "\n") != (i == len(es)-1) {
			t.Fatalf("piece %d of %d: %d bytes", i, len(es), len(e.Text))
		}
	}
}

func TestLogIsJSON(t *testing.T) {
	raw := make([]byte, 4096)
	rand.New(rand.NewSource(1)).Read(raw)
	line := appendEntry(nil, raw, "stdout", nil, time.Now())
	var e Entry
	if err := json.Unmarshal(line, &e); err != nil {
		t.Fatal(err)
	}
	if want := strings.ToValidUTF8(string(raw), ""); strings.ReplaceAll(e.Text, "\ufffd", "") != strings.ReplaceAll(want, "\ufffd", "") {
		t.Error("valid characters were changed")
	}
}

func FuzzAppendEscaped(f *testing.F) {
	f.Add([]byte("a\"\\\n\xff\xe2\x80\xa8"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var s string
		if err := json.Unmarshal(append(appendEscaped([]byte{'"'}, in), '"'), &s); err != nil {
			t.Fatal(err)
		}
		if utf8.Valid(in) && s != string(in) {
			t.Fatalf("%q became %q", in, s)
		}
	})
}

func TestRotationKeepsTheNewest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "container.log")
	l := openLog(t, path, LogOptions{MaxSize: 1000, MaxFile: 3})
	w := NewLines(l, "stdout")
	for i := range 200 {
		fmt.Fprintf(w, "line %d\n", i)
	}
	files, _ := filepath.Glob(path + "*")
	if len(files) != 3 {
		t.Errorf("files: %v", files)
	}
	for _, f := range files {
		if st, _ := os.Stat(f); st.Size() > 1000 {
			t.Errorf("%s has %d bytes", f, st.Size())
		}
	}
	es := readAll(t, path, all)
	if len(es) < 20 || es[len(es)-1].Text != "line 199\n" {
		t.Fatalf("%d entries", len(es))
	}
	for i, e := range es {
		if want := fmt.Sprintf("line %d\n", 200-len(es)+i); e.Text != want {
			t.Fatalf("entry %d is %q, want %q", i, e.Text, want)
		}
	}
	if es := readAll(t, path, ReadOptions{Tail: 15}); len(es) != 15 || es[0].Text != "line 185\n" {
		t.Errorf("tail over two files: %d entries, %+v", len(es), es[0])
	}
	if es := readAll(t, path, ReadOptions{Tail: 0}); len(es) != 0 {
		t.Errorf("tail 0: %+v", es)
	}
}

func TestSinceUntil(t *testing.T) {
	path := filepath.Join(t.TempDir(), "container.log")
	var b []byte
	base := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 10 {
		b = appendEntry(b, fmt.Appendf(nil, "%d\n", i), "stdout", nil, base.Add(time.Duration(i)*time.Second))
	}
	os.WriteFile(path, b, 0o600)
	es := readAll(t, path, ReadOptions{Tail: -1, Since: base.Add(3 * time.Second), Until: base.Add(5 * time.Second)})
	if got := text(es, ""); got != "3\n4\n5\n" {
		t.Errorf("%q", got)
	}
}

func TestBrokenLinesArePassedOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "container.log")
	good := appendEntry(nil, []byte("good\n"), "stdout", nil, time.Now())
	b := append([]byte("{\"log\":\"half\n\x00\x00\x00\n"), good...)
	b = append(b, bytes.Repeat([]byte("x"), 2*maxEntry)...)
	b = append(append(b, '\n'), good...)
	b = append(b, good[:10]...)
	os.WriteFile(path, b, 0o600)
	if got := text(readAll(t, path, all), ""); got != "good\ngood\n" {
		t.Errorf("%q", got)
	}
}

func TestNoLogIsEmpty(t *testing.T) {
	if es := readAll(t, filepath.Join(t.TempDir(), "none"), all); es != nil {
		t.Errorf("%+v", es)
	}
}

func TestSymlinkAndFifoAreRefused(t *testing.T) {
	dir := t.TempDir()
	victim := filepath.Join(dir, "victim")
	os.WriteFile(victim, []byte("keep"), 0o600)
	link, fifo := filepath.Join(dir, "link"), filepath.Join(dir, "fifo")
	os.Symlink(victim, link)
	unix.Mkfifo(fifo, 0o600)
	for _, p := range []string{link, fifo} {
		if l, err := OpenJSONLog(p, DefaultLogOptions()); err == nil {
			l.Close()
			t.Errorf("%s was opened for writing", p)
		}
		for _, err := range ReadLog(context.Background(), p, all) {
			if err == nil {
				t.Errorf("%s was read", p)
			}
		}
	}
	if b, _ := os.ReadFile(victim); string(b) != "keep" {
		t.Errorf("victim: %q", b)
	}
}

func TestFullDiskDropsAndGoesOn(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	path := filepath.Join(dir, "container.log")
	l := openLog(t, path, LogOptions{MaxSize: -1, MaxFile: 1})
	w := NewLines(l, "stdout")
	for i := range 2000 {
		fmt.Fprintf(w, "line %d of a log that is too large\n", i)
	}
	lost := l.Dropped()
	if lost == 0 {
		t.Fatal("nothing was dropped on a full disk")
	}
	es := readAll(t, path, all)
	if uint64(len(es))+lost != 2000 {
		t.Errorf("%d entries and %d dropped are not 2000: a line was spoilt", len(es), lost)
	}
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT, "size=1m"); err != nil {
		t.Fatal(err)
	}
	w.Write([]byte("room again\n"))
	es = readAll(t, path, ReadOptions{Tail: 1})
	if len(es) != 1 || es[0].Text != "room again\n" {
		t.Errorf("after there is room: %+v", es)
	}
}

func TestFollowSeesEveryEntryOverRotations(t *testing.T) {
	path := filepath.Join(t.TempDir(), "container.log")
	const n = 5000
	l := openLog(t, path, LogOptions{MaxSize: 20000, MaxFile: 1000})
	ended := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		w := NewLines(l, "stdout")
		for i := range n {
			fmt.Fprintf(w, "%d\n", i)
		}
		close(ended)
	})
	next := 0
	for e, err := range ReadLog(context.Background(), path, ReadOptions{Tail: -1, Follow: true, Ended: ended}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Text != fmt.Sprintf("%d\n", next) {
			t.Fatalf("entry %q where %d was due", e.Text, next)
		}
		next++
	}
	wg.Wait()
	if next != n {
		t.Errorf("%d entries, want %d", next, n)
	}
}

func TestFollowBeforeTheLogAndUntilTheContextEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "container.log")
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	got := make(chan string)
	go func() {
		defer close(got)
		for e := range ReadLog(ctx, path, ReadOptions{Tail: -1, Follow: true}) {
			got <- e.Text
		}
	}()
	l := openLog(t, path, DefaultLogOptions())
	fmt.Fprintln(NewLines(l, "stdout"), "first")
	if s := <-got; s != "first\n" {
		t.Errorf("%q", s)
	}
	stop()
	if s, more := <-got; more {
		t.Errorf("more: %q", s)
	}
}
