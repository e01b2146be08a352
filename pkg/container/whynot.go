package container

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/pkg/events"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// notStarted explains an error that is on record: the container did not start,
// or nobody saw its end.
func (e *end) notStarted() *Why {
	w := &Why{Code: e.st.Cause, Reason: e.st.Error}
	switch e.st.Cause {
	case "":
		w.Code = whyNotStarted
	case "no-such-command":
		w.Remedy = "name a command that the image has, with its path or in its PATH"
	case "not-executable":
		w.Remedy = "chmod +x it where the image is built, or name the interpreter before it"
	case "no-interpreter":
		w.Remedy = "install the interpreter in the image, or name another in the script's first line"
	case "no-loader":
		w.Remedy = "link the program statically, or use an image with the C library that it was linked for"
	case "wrong-architecture":
		w.Remedy = "pull the image for this machine, or build it for it (--platform)"
	case "unknown-format":
		w.Remedy = "begin the script with #!/bin/sh, or run it as sh FILE"
	case "port-in-use":
		w.Remedy = "publish another port, or end who has it"
	case whySupervisorLost:
		w.Remedy = "pouch-run start " + e.name + "; the host's log may tell who killed pouch-shim"
	case whyRebooted:
		w.Remedy = "pouch-run start " + e.name
	}
	return w
}

// traces finds what the events tell of a container that is removed: the last one
// of that name, or the one of that id.
func (m *Manager) traces(ctx context.Context, target string) (*end, error) {
	var last *end
	name := strings.TrimPrefix(target, "/")
	o := events.ReadOptions{Until: time.Now(), Match: func(e *record.Event) bool {
		return e.Type == "container" && name != "" && (e.Attributes["name"] == name || len(name) >= 4 && strings.HasPrefix(e.ID, name))
	}}
	err := events.Read(ctx, m.Store, o, func(ev *record.Event) error {
		if last == nil || last.id != ev.ID {
			last = &end{id: ev.ID}
		}
		last.add(ev)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if last == nil || last.st.Finished.IsZero() {
		return nil, missing(target)
	}
	last.st.Status = removed
	return last, nil
}

// add takes what an event tells of the end.
func (e *end) add(ev *record.Event) {
	a := ev.Attributes
	if a["name"] != "" {
		e.name = a["name"]
	}
	if ev.Action != "die" {
		return
	}
	number := func(key string) int { n, _ := strconv.Atoi(a[key]); return n }
	e.st = record.State{
		ExitCode: number("exitCode"), Finished: ev.Time, Error: a["error"], Cause: a["cause"],
		OOMKilled: a["oomKilled"] == "true", EndedBy: a["endedBy"], EndSignal: number("endSignal"),
	}
}
