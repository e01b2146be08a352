package events

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

func newStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.TempDir(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func emit(s *store.Store, id string) {
	Emit(s, record.Event{Type: "container", Action: "start", ID: id})
}

// past returns the ids of the events that are there.
func past(t *testing.T, s *store.Store, f Filters) (ids []string) {
	t.Helper()
	err := Read(t.Context(), s, ReadOptions{Until: time.Now(), Match: f.Match}, func(e *record.Event) error {
		ids = append(ids, e.ID)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestEventsComeBackInOrder(t *testing.T) {
	s := newStore(t)
	if got := past(t, s, nil); got != nil {
		t.Errorf("no log yet: %q", got)
	}
	for _, id := range []string{"a", "b", "c"} {
		emit(s, id)
	}
	if got := past(t, s, nil); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("%q", got)
	}
	fi, err := os.Stat(s.EventsPath())
	if err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", fi, err)
	}
}

func TestSinceAndUntil(t *testing.T) {
	s := newStore(t)
	base := time.Now().Add(-time.Hour)
	for i := range 5 {
		Emit(s, record.Event{ID: fmt.Sprint(i), Time: base.Add(time.Duration(i) * time.Minute)})
	}
	var got []string
	o := ReadOptions{Since: base.Add(time.Minute), Until: base.Add(3 * time.Minute)}
	err := Read(t.Context(), s, o, func(e *record.Event) error { got = append(got, e.ID); return nil })
	if err != nil || strings.Join(got, "") != "123" {
		t.Errorf("%q, %v", got, err)
	}
}

// Several processes write while the file is full again and again: with room for
// both files no event is lost, doubled or torn.
func TestFollowAcrossRotation(t *testing.T) {
	s := newStore(t)
	emit(s, "before")
	ctx, stop := context.WithCancel(t.Context())
	seen, ready := map[string]int{}, make(chan struct{})
	const writers, each = 4, 60
	pad := strings.Repeat("x", 60<<10) // 4 × 60 × 60 KiB: more than one file
	done := make(chan error)
	go func() {
		done <- Read(ctx, s, ReadOptions{}, func(e *record.Event) error {
			if e.ID == "ready" {
				if seen[e.ID] == 0 {
					close(ready)
				}
			}
			if seen[e.ID]++; len(seen) == writers*each+1 {
				stop()
			}
			return nil
		})
	}()
	for pause := time.Millisecond; pause > 0; pause *= 2 { // until it reads; few, for the files have room for the others
		emit(s, "ready")
		select {
		case <-ready:
			pause = 0
		case <-time.After(pause):
		}
	}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				Emit(s, record.Event{ID: fmt.Sprintf("%d-%d", w, i), Attributes: record.Labels{"pad": pad}})
			}
		})
	}
	wg.Wait()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	case <-time.After(10 * time.Minute):
		stop()
		<-done
	}
	delete(seen, "ready")
	if len(seen) != writers*each {
		t.Errorf("%d events of %d", len(seen), writers*each)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s came %d times", id, n)
		}
	}
	if _, err := os.Stat(s.EventsPath() + ".1"); err != nil {
		t.Errorf("nothing was moved aside: %v", err)
	}
	if fi, err := os.Stat(s.EventsPath()); err != nil || fi.Size() > maxFile+maxLine {
		t.Errorf("%v, %v", fi, err)
	}
}

func TestLogIsBounded(t *testing.T) {
	s := newStore(t)
	for range 400 { // 24 MiB
		Emit(s, record.Event{ID: "x", Attributes: record.Labels{"pad": strings.Repeat("x", 60<<10)}})
	}
	files, err := filepath.Glob(s.EventsPath() + "*")
	if err != nil {
		t.Fatal(err)
	}
	var total int64
	for _, f := range files {
		fi, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		total += fi.Size()
	}
	if total > 2*(maxFile+maxLine) {
		t.Errorf("%d bytes", total)
	}
}

func TestTooLongAnEventLosesLongAttributes(t *testing.T) {
	s := newStore(t)
	Emit(s, record.Event{ID: "long", Attributes: record.Labels{"pad": strings.Repeat("x", maxLine), "name": "web"}})
	many := record.Labels{}
	for i := range 1000 {
		many[fmt.Sprint(i)] = strings.Repeat("\x01", 200)
	}
	Emit(s, record.Event{ID: "many", Attributes: many})
	emit(s, "next")
	var names []string
	err := Read(t.Context(), s, ReadOptions{Until: time.Now()}, func(e *record.Event) error {
		names = append(names, e.ID+e.Attributes["name"])
		return nil
	})
	if err != nil || !slices.Equal(names, []string{"longweb", "many", "next"}) {
		t.Errorf("%q, %v", names, err)
	}
}

// What a full disk has cut, and what is no event, hides no other event.
func TestDamagedLines(t *testing.T) {
	s := newStore(t)
	emit(s, "a")
	f, err := os.OpenFile(s.EventsPath(), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("garbage\n\n" + strings.Repeat("long", maxLine) + "\n" + `{"time":"2026-01-01T00:00:00Z","type":"conta`)
	f.Close()
	emit(s, "b")
	if got := past(t, s, nil); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("%q", got)
	}
}

func TestLinkIsNotFollowed(t *testing.T) {
	s := newStore(t)
	other := s.Root + "/other"
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, s.EventsPath()); err != nil {
		t.Fatal(err)
	}
	emit(s, "a")
	if b, err := os.ReadFile(other); err != nil || len(b) > 0 {
		t.Errorf("%q, %v", b, err)
	}
}

func TestFilters(t *testing.T) {
	s := newStore(t)
	c := &record.Container{ID: "0123456789abcdef", Name: "web", Image: record.Image{Name: "busybox:1"}, Labels: record.Labels{"job": "7"}}
	n := &record.Network{ID: "feed", Name: "back", Driver: "bridge"}
	for _, e := range []record.Event{
		OfContainer(c, "start", nil), OfContainer(c, "health_status: healthy", nil), OfNetwork(n, "connect", c.ID),
		{Type: "image", Action: "pull", ID: "sha256:aa11", Attributes: record.Labels{"name": "busybox:1"}},
		{Type: "volume", Action: "create", ID: "data"},
	} {
		Emit(s, e)
	}
	for words, want := range map[string]int{
		"": 5, "type=container": 2, "type=container + type=image": 3, "event=start": 1, "event=health_status": 1,
		"event=health_status: healthy": 1, "container=web": 2, "container=0123": 2, "container=we": 0, "image=busybox": 3,
		"image=busybox:1": 3, "image=aa11": 1, "label=job": 2, "label=job=7": 2, "label=job=8": 0, "network=back": 1,
		"network=fee": 1, "volume=data": 1, "type=container + event=pull": 0, "scope=local": 5,
	} {
		list := strings.Split(words, " + ")
		if words == "" {
			list = nil
		}
		f, err := ParseFilters(list)
		if err != nil {
			t.Fatal(err)
		}
		if got := past(t, s, f); len(got) != want {
			t.Errorf("%q: %d events, want %d", list, len(got), want)
		}
	}
	for _, bad := range []string{"nosuch=1", "type"} {
		if _, err := ParseFilters([]string{bad}); err == nil {
			t.Errorf("accepted: %s", bad)
		}
	}
}

func BenchmarkEmit(b *testing.B) {
	s := &store.Store{RunRoot: b.TempDir()}
	for b.Loop() {
		emit(s, "a")
	}
}
