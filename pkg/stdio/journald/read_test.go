package journald

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/stdio"
)

var base = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// journal puts a journalctl into PATH that knows the options that matter here, and
// returns its file of entries and the file of its calls.
func journal(t *testing.T) (entries, calls string) {
	t.Helper()
	dir := t.TempDir()
	entries, calls = filepath.Join(dir, "entries"), filepath.Join(dir, "calls")
	script := fmt.Sprintf(`#!/bin/sh
echo "$*" >>%[2]s
after=
for a; do case $a in
--sync) exit 0;;
--after-cursor=*) after=${a#*=};;
--follow) follow=1;;
esac; done
touch %[1]s
if [ "$follow" ]; then exec tail -n +1 -f %[1]s; fi
if [ "$after" ]; then exec sed "1,/\"__CURSOR\":\"$after\"/d" %[1]s; fi
exec cat %[1]s
`, entries, calls)
	if err := os.WriteFile(filepath.Join(dir, "journalctl"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return entries, calls
}

func appendEntry(t *testing.T, path string, i int, more map[string]any) {
	t.Helper()
	f := map[string]any{
		"__CURSOR": fmt.Sprintf("c%d", i), "MESSAGE": fmt.Sprintf("line %d", i), "PRIORITY": "6", fieldID: "id",
		fieldTime: base.Add(time.Duration(i) * time.Second).Format(time.RFC3339Nano), "_PID": "1",
	}
	maps.Copy(f, more)
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	w, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	w.Write(append(b, '\n'))
}

func TestRead(t *testing.T) {
	entries, calls := journal(t)
	appendEntry(t, entries, 0, nil)
	appendEntry(t, entries, 1, map[string]any{"PRIORITY": "3", "JOB": "7"})
	appendEntry(t, entries, 2, map[string]any{fieldPartial: "true", "MESSAGE": []int{0xff, 'x'}})
	appendEntry(t, entries, 3, nil)
	var got []stdio.Entry
	for e, err := range Read(t.Context(), "id", stdio.ReadOptions{Tail: -1, Since: base, Until: base.Add(2 * time.Second)}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
	}
	if len(got) != 3 || got[0].Text != "line 0\n" || got[0].Stream != "stdout" || got[1].Stream != "stderr" ||
		got[1].Attrs["JOB"] != "7" || len(got[1].Attrs) != 1 || got[2].Text != "\xffx" || !got[2].Time.Equal(base.Add(2*time.Second)) {
		t.Errorf("%+v", got)
	}
	b, _ := os.ReadFile(calls)
	for _, want := range []string{"--sync\n", "CONTAINER_ID_FULL=id", fmt.Sprintf(" _UID=%d\n", os.Geteuid()), "--output=json", "--all", "--since=@1767323035.000000", "--until=@1767323057.000000"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("called with %s: %s is not there", b, want)
		}
	}
}

func TestTailCountsUpToUntil(t *testing.T) {
	entries, calls := journal(t)
	for i := range 3000 {
		appendEntry(t, entries, i, nil)
	}
	for _, tail := range []int{0, 1, 5, 1500} {
		var got []stdio.Entry
		for e, err := range Read(t.Context(), "id", stdio.ReadOptions{Tail: tail, Until: base.Add(2000 * time.Second)}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e)
		}
		if len(got) != tail || tail > 0 && (got[0].Text != fmt.Sprintf("line %d\n", 2001-tail) || got[tail-1].Text != "line 2000\n") {
			t.Errorf("tail %d: %d entries", tail, len(got))
		}
	}
	if b, _ := os.ReadFile(calls); strings.Contains(string(b), "--lines=5") {
		t.Errorf("journalctl counts: %s", b)
	}
}

// Who follows gets each entry once, also those that come when the container has
// ended, and then the end.
func TestFollow(t *testing.T) {
	entries, _ := journal(t)
	appendEntry(t, entries, 0, nil)
	ended := make(chan struct{})
	n := 0
	for e, err := range Read(t.Context(), "id", stdio.ReadOptions{Tail: -1, Follow: true, Ended: ended}) {
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("line %d\n", n); e.Text != want {
			t.Fatalf("%q, want %q", e.Text, want)
		}
		switch n++; n {
		case 1:
			appendEntry(t, entries, 1, nil)
		case 2:
			appendEntry(t, entries, 2, nil) // it may be read before the end, or after it
			close(ended)
		}
	}
	if n != 3 {
		t.Errorf("%d entries", n)
	}
}

func TestReadWithoutJournalctl(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, err := range Read(t.Context(), "id", stdio.ReadOptions{Tail: -1}) {
		if !errs.Is(err, errs.Unsupported) || !strings.Contains(err.Error(), "journalctl") {
			t.Errorf("%v", err)
		}
		return
	}
	t.Error("no error")
}

func TestProgramThatFails(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "journalctl"), []byte("#!/bin/sh\necho no such file >&2; exit 1\n"), 0o755)
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	for _, err := range Read(t.Context(), "id", stdio.ReadOptions{Tail: -1}) {
		if err == nil || !strings.Contains(err.Error(), "no such file") {
			t.Errorf("%v", err)
		}
		return
	}
	t.Error("no error")
}
