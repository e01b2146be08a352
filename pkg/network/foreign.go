package network

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/libexec"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// What the program that has the libraries of foreign drivers is asked for.
const (
	ForeignAdd     = "add"     // make an endpoint
	ForeignDel     = "del"     // undo it
	ForeignCheck   = "check"   // is it as it was made
	ForeignGC      = "gc"      // free what belongs to none of Valid
	ForeignProbe   = "probe"   // is there such a driver
	ForeignCreate  = "create"  // make a network
	ForeignDestroy = "destroy" // undo it

	ForeignPools   = "pools"   // give the subnets of a network
	ForeignUnpools = "unpools" // take them back
	ForeignLend    = "lend"    // give addresses of them
	ForeignReturn  = "return"  // take those back
)

// ForeignCall is a question to `pouch-net foreign`, on its stdin.
type ForeignCall struct {
	Op       string            `json:"op"`
	Driver   string            `json:"driver"`
	Endpoint *record.Endpoint  `json:"endpoint,omitempty"`
	Valid    []record.Endpoint `json:"valid,omitempty"`
	Network  *record.Network   `json:"network,omitempty"`
	Cache    string            `json:"cache"`
	Limit    time.Duration     `json:"limit"`
}

// ForeignAnswer is what it says on stdout.
type ForeignAnswer struct {
	Error     string           `json:"error,omitempty"`
	Kind      errs.Kind        `json:"kind,omitempty"`
	Untouched bool             `json:"untouched,omitempty"` // it failed before anything was made
	Addresses []ForeignAddress `json:"addresses,omitempty"`
	MAC       string           `json:"mac,omitempty"`
	HostLink  string           `json:"hostLink,omitempty"`
	DNS       *record.DNS      `json:"dns,omitempty"`
	Pools     []record.Pool    `json:"pools,omitempty"`
	Space     string           `json:"space,omitempty"`
	WantsMAC  bool             `json:"wantsMAC,omitempty"`
}

// ForeignAddress is one address of an interface that a foreign driver made.
type ForeignAddress struct {
	Prefix  netip.Prefix `json:"prefix"`
	Gateway netip.Addr   `json:"gateway,omitzero"`
}

// How long a foreign driver may take to make something, and to undo it.
const (
	addLimit = time.Minute
	delLimit = 20 * time.Second
)

// LimitEnv names another limit, as 90s, for hosts whose drivers take long.
const LimitEnv = "POUCH_NET_DRIVER_TIMEOUT"

func limitOf(op string) time.Duration {
	if d, err := time.ParseDuration(os.Getenv(LimitEnv)); err == nil && d > 0 {
		return d
	}
	if op == ForeignAdd || op == ForeignCreate || op == ForeignPools || op == ForeignLend {
		return addLimit
	}
	return delLimit
}

// maxAnswer bounds an answer.
const maxAnswer = 8 << 20

// foreign asks `pouch-net foreign`, which ends with this process. Errors have the
// kind that the driver's have.
func (m *Manager) foreign(ctx context.Context, q ForeignCall) (*ForeignAnswer, error) {
	program, err := libexec.Find("pouch-net")
	if err != nil {
		return nil, err
	}
	q.Cache = m.s.PluginCache()
	q.Limit = limitOf(q.Op)
	question, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	// It keeps the limit itself; twice, for what it undoes, and a little more.
	ctx, cancel := context.WithTimeout(ctx, 2*q.Limit+10*time.Second)
	defer cancel()
	runtime.LockOSThread() // Pdeathsig follows the thread
	defer runtime.UnlockOSThread()
	var out, complaints bytes.Buffer
	c := exec.CommandContext(ctx, program, "foreign")
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(question), &limited{w: &out, room: maxAnswer}, &limited{w: &complaints, room: 4096}
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	c.WaitDelay = time.Second
	if err := c.Run(); err != nil {
		return nil, errs.New(errs.Unavailable, "network driver %s: %w %s", q.Driver, err, strings.TrimSpace(complaints.String()))
	}
	a := &ForeignAnswer{}
	if err := json.Unmarshal(out.Bytes(), a); err != nil {
		return nil, errs.New(errs.Internal, "network driver %s: the answer of %s: %w", q.Driver, program, err)
	}
	if a.Error != "" {
		return a, errs.New(a.Kind, "network driver %s: %s", q.Driver, a.Error)
	}
	return a, nil
}

// limited keeps the beginning of what is written.
type limited struct {
	w    io.Writer
	room int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.room)
	l.room -= n
	if _, err := l.w.Write(p[:n]); err != nil {
		return 0, fmt.Errorf("keep an answer: %w", err)
	}
	return len(p), nil
}
