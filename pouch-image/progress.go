package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/registry"
)

// lineEvery is the least time between two lines about one blob.
const lineEvery = 5 * time.Second

// newBars tells a terminal. done must be called before anything else is printed.
func newBars(out io.Writer) (tell func(registry.Event), done func()) {
	b := &bars{box: mpb.New(mpb.WithOutput(out), mpb.WithWidth(40), mpb.WithAutoRefresh()), of: map[digest.Digest]*mpb.Bar{}}
	return b.tell, b.done
}

// newLines tells a file or a pipe, with a line a layer.
func newLines(out io.Writer) (tell func(registry.Event), done func()) {
	l := &lines{out: out, last: map[digest.Digest]time.Time{}}
	return l.tell, func() {}
}

// lines is progress for a file or a pipe.
type lines struct {
	mu   sync.Mutex
	out  io.Writer
	last map[digest.Digest]time.Time // when a line was printed, zero time: the blob is done
}

func (l *lines) tell(e registry.Event) {
	if e.Config {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	last, seen := l.last[e.Digest]
	switch id := cmd.ShortID(e.Digest.String()); {
	case !seen:
		l.last[e.Digest] = time.Now()
		if !e.Done {
			return
		}
		fallthrough
	case e.Done:
		if seen && last.IsZero() {
			return
		}
		l.last[e.Digest] = time.Time{}
		if e.Had {
			fmt.Fprintf(l.out, "%s: already here\n", id)
		} else {
			fmt.Fprintf(l.out, "%s: done, %s\n", id, cmd.HumanSize(e.Offset))
		}
	case !last.IsZero() && time.Since(last) >= lineEvery:
		l.last[e.Digest] = time.Now()
		fmt.Fprintf(l.out, "%s: %s of %s\n", id, cmd.HumanSize(e.Offset), size(e.Size))
	}
}

func size(n int64) string {
	if n < 0 {
		return "?"
	}
	return cmd.HumanSize(n)
}

// bars is progress for a terminal.
type bars struct {
	mu  sync.Mutex
	box *mpb.Progress
	of  map[digest.Digest]*mpb.Bar
}

func (b *bars) tell(e registry.Event) {
	if e.Config {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	bar := b.of[e.Digest]
	if bar == nil {
		bar = b.box.AddBar(max(e.Size, 0),
			mpb.PrependDecorators(decor.Name(cmd.ShortID(e.Digest.String())+" ")),
			mpb.AppendDecorators(decor.CountersKiloByte("% .1f / % .1f")))
		b.of[e.Digest] = bar
	}
	bar.SetCurrent(e.Offset)
	if e.Done {
		bar.SetTotal(-1, true)
	}
}

// done leaves the bars as they are and gives the terminal back.
func (b *bars) done() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, bar := range b.of {
		bar.Abort(false)
	}
	b.box.Wait()
}
