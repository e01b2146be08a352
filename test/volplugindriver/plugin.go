// Package volplugindriver is a plugin of docker's volume protocol, for tests:
// volumes are folders. It counts who has mounted what, and fails where it is
// told to.
package volplugindriver

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Plugin keeps volumes in folders below Dir.
type Plugin struct {
	Dir   string
	Scope string

	mu     sync.Mutex
	opts   map[string]map[string]string
	mounts map[string]map[string]bool // volume to the ids of who has mounted it
	calls  []string
	fail   map[string]Fault
}

// Fault makes a call go wrong, once.
type Fault struct {
	After bool   // the call has had its effect
	Err   string // the answer
	Slow  time.Duration
	Path  string // of Mount: the path that is told
}

// New returns a plugin that has no volumes.
func New(dir string) *Plugin {
	return &Plugin{Dir: dir, opts: map[string]map[string]string{}, mounts: map[string]map[string]bool{}, fail: map[string]Fault{}}
}

// Serve answers on a socket until stop is called.
func (p *Plugin) Serve(socket string) (stop func(), err error) {
	l, err := net.Listen("unix", socket)
	if err != nil {
		return nil, err
	}
	s := &http.Server{Handler: p}
	go s.Serve(l) // it ends with stop
	return func() { s.Close() }, nil
}

// Set makes the next call of that name fail.
func (p *Plugin) Set(call string, f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail[call] = f
}

// Calls are the names of the calls that it got, Activate left out.
func (p *Plugin) Calls() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.calls...)
}

// Mounted is how many have mounted a volume.
func (p *Plugin) Mounted(name string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.mounts[name])
}

// Options of a volume, nil when there is none.
func (p *Plugin) Options(name string) map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.opts[name]
}

type request struct {
	Name, ID string
	Opts     map[string]string
}

// ServeHTTP answers a call.
func (p *Plugin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := filepath.Base(r.URL.Path)
	if call == "Plugin.Activate" {
		json.NewEncoder(w).Encode(map[string]any{"Implements": []string{"VolumeDriver"}}) // the client sees it
		return
	}
	var q request
	json.NewDecoder(r.Body).Decode(&q) // as above
	f := p.note(call)
	var a map[string]any
	if f.Err == "" || f.After {
		a = p.answer(call, q, f)
	}
	select {
	case <-time.After(f.Slow):
	case <-r.Context().Done():
		return
	}
	if f.Err != "" {
		w.WriteHeader(http.StatusInternalServerError)
		a = map[string]any{"Err": f.Err}
	}
	json.NewEncoder(w).Encode(a) // as above
}

func (p *Plugin) note(call string) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, call)
	f := p.fail[call]
	delete(p.fail, call)
	return f
}

func failed(text string) map[string]any { return map[string]any{"Err": text} }

func (p *Plugin) answer(call string, q request, f Fault) map[string]any {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, there := p.opts[q.Name]
	switch call {
	case "VolumeDriver.Capabilities":
		return map[string]any{"Capabilities": map[string]string{"Scope": p.Scope}}
	case "VolumeDriver.Create":
		if there {
			return failed("volume exists")
		}
		p.opts[q.Name], p.mounts[q.Name] = q.Opts, map[string]bool{}
		if p.opts[q.Name] == nil {
			p.opts[q.Name] = map[string]string{}
		}
		return errText(os.MkdirAll(p.path(q.Name), 0o755))
	case "VolumeDriver.List":
		var list []map[string]string
		for n := range p.opts {
			list = append(list, map[string]string{"Name": n})
		}
		return map[string]any{"Volumes": list}
	}
	if !there {
		return failed("no such volume")
	}
	return p.answerOf(call, q, f)
}

func (p *Plugin) answerOf(call string, q request, f Fault) map[string]any {
	switch call {
	case "VolumeDriver.Get":
		return map[string]any{"Volume": map[string]any{"Name": q.Name, "Mountpoint": p.path(q.Name), "Status": map[string]any{"mounts": len(p.mounts[q.Name])}}}
	case "VolumeDriver.Mount":
		p.mounts[q.Name][q.ID] = true
		path := p.path(q.Name)
		if f.Path != "" {
			path = f.Path
		}
		return map[string]any{"Mountpoint": path}
	case "VolumeDriver.Path":
		return map[string]any{"Mountpoint": p.path(q.Name)}
	case "VolumeDriver.Unmount":
		if !p.mounts[q.Name][q.ID] {
			return failed("not mounted by " + q.ID)
		}
		delete(p.mounts[q.Name], q.ID)
		return map[string]any{}
	case "VolumeDriver.Remove":
		if len(p.mounts[q.Name]) > 0 {
			return failed("volume is mounted")
		}
		delete(p.opts, q.Name)
		return errText(os.RemoveAll(p.path(q.Name)))
	}
	return failed("unknown call " + call)
}

func (p *Plugin) path(name string) string { return filepath.Join(p.Dir, name) }

func errText(err error) map[string]any {
	if err != nil {
		return failed(err.Error())
	}
	return map[string]any{}
}
