package network

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/libexec"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/systemd"
)

// OptResolver is the option of a bridge network that has a resolver.
const OptResolver = "dns"

// resolverStart is how long a resolver may take until it listens.
const resolverStart = 10 * time.Second

func boolOnly(_ *bridgeOptions, v string) error {
	_, err := strconv.ParseBool(v)
	return err
}

// resolverOf is the address at which the resolver of a network listens; ok is
// false for a network without.
func resolverOf(n *record.Network) (at netip.Addr, ok bool) {
	on, err := strconv.ParseBool(n.Options[OptResolver])
	if err != nil || !on || (n.Driver != "" && n.Driver != Driver) {
		return at, false
	}
	subs, err := subnets(n)
	if err != nil {
		return at, false
	}
	for _, s := range subs { // the first is IPv4 where there is one
		if s.gateway.IsValid() {
			return s.gateway, true
		}
	}
	return at, false
}

// Resolver returns the address of a network's resolver. Kind invalid for a network
// that has none.
func (m *Manager) Resolver(target string) (*record.Network, netip.Addr, error) {
	n, err := m.Inspect(target)
	if err != nil {
		return nil, netip.Addr{}, err
	}
	at, ok := resolverOf(n)
	if !ok {
		return nil, at, errs.New(errs.Invalid, "network %s has no resolver: make one with pouch-net create -o dns=true", n.Name)
	}
	return n, at, nil
}

// needResolver starts the resolver of a network that has one. Without it members
// still have their hosts files, and the host's resolvers as the next ones: so a
// failure is told, and no more.
func (m *Manager) needResolver(ctx context.Context, n *record.Network) {
	if _, has := resolverOf(n); !has {
		return
	}
	if err := m.StartResolver(ctx, n.Name); err != nil {
		slog.Warn("the resolver of a network does not run", "network", n.Name, "error", err)
	}
}

// resolverLock is the class of the locks that resolvers hold as long as they live.
const resolverLock = "dns"

// StartResolver starts the resolver of a network unless it runs. Idempotent. It
// fails with kind invalid for a network without, and unavailable when it does not
// come up.
func (m *Manager) StartResolver(ctx context.Context, target string) error {
	n, _, err := m.Resolver(target)
	if err != nil {
		return err
	}
	lock, err := m.s.TryLock(resolverLock, n.Name)
	if errors.Is(err, fsx.ErrLocked) {
		return nil
	}
	if err != nil {
		return err
	}
	defer lock.File().Close() // the child holds it: an unlock would be its, too
	return m.spawnResolver(ctx, n, lock.File())
}

// spawnResolver starts the program with the lock as descriptor 3 and waits until it
// closes descriptor 4.
func (m *Manager) spawnResolver(ctx context.Context, n *record.Network, lock *os.File) error {
	program, err := libexec.Find("pouch-net")
	if err != nil {
		return err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	told, tell, err := os.Pipe()
	if err != nil {
		return err
	}
	defer told.Close()
	argv := []string{program, "--root", m.s.Root, "--run-root", m.s.RunRoot, "dns", "serve", n.Name}
	p, err := os.StartProcess(program, argv, &os.ProcAttr{
		Dir: "/", Env: []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
		Files: []*os.File{null, null, null, lock, tell}, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	tell.Close()
	if err != nil {
		return fmt.Errorf("start the resolver: %w", err)
	}
	defer p.Release()
	if systemd.Booted() { // it serves others, too, when the unit that needed it first has ended
		if err := systemd.Free(p.Pid); err != nil {
			slog.Debug("the resolver stays in this session's cgroup", "error", err)
		}
	}
	return comesUp(ctx, told)
}

// comesUp reads what a resolver says of its start: ok, or why not.
func comesUp(ctx context.Context, told *os.File) error {
	end := time.Now().Add(resolverStart)
	if d, ok := ctx.Deadline(); ok && d.Before(end) {
		end = d
	}
	if err := told.SetReadDeadline(end); err != nil {
		return err
	}
	words, err := io.ReadAll(io.LimitReader(told, 4096))
	switch text := strings.TrimSpace(string(words)); {
	case text == ResolverReady:
		return nil
	case text != "":
		return errs.New(errs.Unavailable, "%s", text)
	case err != nil:
		return errs.New(errs.Unavailable, "it did not come up: %w", err)
	}
	return errs.New(errs.Unavailable, "it ended at its start")
}

// ResolverReady is what a resolver writes when it listens.
const ResolverReady = "ok"

// OwnResolver notes, in the resolver itself, which process it is, and returns what
// removes the note.
func (m *Manager) OwnResolver(network string) (forget func(), err error) {
	self, err := proc.Self()
	if err != nil {
		return nil, err
	}
	path := m.s.ResolverNote(network)
	return func() { os.Remove(path) }, fsx.WriteJSONVolatile(path, self, 0o600)
}

// StopResolver ends the resolver of a network, which may be gone. Idempotent.
func (m *Manager) StopResolver(ctx context.Context, network string) error {
	for end := time.Now().Add(resolverStart); ; {
		l, err := m.s.TryLock(resolverLock, network)
		if err == nil { // nobody's
			os.Remove(m.s.ResolverNote(network))
			l.Remove()
			return nil
		}
		if !errors.Is(err, fsx.ErrLocked) {
			return err
		}
		p, err := m.s.ReadProc(m.s.ResolverNote(network))
		if err == nil {
			if err := proc.Signal(p, unix.SIGTERM); err != nil && !errors.Is(err, unix.ESRCH) {
				return err
			}
		}
		if time.Now().After(end) || ctx.Err() != nil {
			return errs.New(errs.Unavailable, "the resolver of network %s (pid %d) does not end", network, p.Pid)
		}
		time.Sleep(5 * time.Millisecond) // a lock has no event
	}
}

// Names answers for the members of one network, by its leases.
type Names struct {
	m *Manager
	n *record.Network
}

// NamesOf returns what the resolver of a network knows.
func (m *Manager) NamesOf(n *record.Network) *Names { return &Names{m, n} }

// Inside reports whether asker has an address in the network.
func (r *Names) Inside(asker netip.Addr) bool {
	subs, err := subnets(r.n)
	return err == nil && slices.ContainsFunc(subs, func(s subnet) bool { return s.prefix.Contains(asker) })
}

// Lookup returns the addresses of the members that are called name, in the
// networks that asker is in; the network's own name may follow a dot. A name is
// known when a member has it, whatever its addresses are.
func (r *Names) Lookup(asker netip.Addr, name string) (addrs []netip.Addr, known bool) {
	for _, e := range r.around(asker) {
		for _, n := range e.lease.Names {
			n = strings.ToLower(n)
			if name == n || name == n+"."+strings.ToLower(e.network) {
				addrs, known = append(addrs, e.addr), true
				break
			}
		}
	}
	return addrs, known
}

// Reverse returns the names of the member with an address.
func (r *Names) Reverse(asker, addr netip.Addr) []string {
	for _, e := range r.around(asker) {
		if e.addr == addr {
			return e.lease.Names
		}
	}
	return nil
}

// around are the members of the networks that asker is in.
func (r *Names) around(asker netip.Addr) []member {
	all, err := r.m.everyone()
	if err != nil {
		return nil
	}
	in, spaces := map[string]bool{r.n.Name: true}, map[uint64]bool{}
	for _, e := range all {
		if e.addr == asker && e.network == r.n.Name {
			spaces[e.lease.NetnsInode] = true
		}
	}
	for _, e := range all {
		if spaces[e.lease.NetnsInode] {
			in[e.network] = true
		}
	}
	return slices.DeleteFunc(all, func(e member) bool { return !in[e.network] })
}

// Gone reports whether a network is no more what it was.
func (m *Manager) Gone(n *record.Network) bool {
	now, err := m.s.Network(n.Name)
	return errs.Is(err, errs.NotFound) || err == nil && now.ID != n.ID
}
