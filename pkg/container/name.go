package container

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"sync"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// newID returns a container id: 256 random bits in hex. One that is all digits
// in its first twelve would make a host name that looks like a number.
func newID() string {
	for {
		b := make([]byte, 32)
		rand.Read(b)
		id := hex.EncodeToString(b)
		for _, r := range id[:12] {
			if r >= 'a' {
				return id
			}
		}
	}
}

// idFor is the id of the container that o asks for: its own when it names one
// that is free. One whose container is just going is waited for, and one that a
// dead command left behind is freed. written is called when the record is there,
// or will not be: until then no other command gives that id.
func (m *Manager) idFor(ctx context.Context, o *Options) (id string, written func(), err error) {
	if o.ID == "" {
		return newID(), func() {}, nil
	}
	l, err := m.Store.Lock(ctx, "id", o.ID)
	if err != nil {
		return "", nil, err
	}
	if m.exists(o.ID) {
		err = m.free(ctx, o.ID)
	}
	if err == nil && m.exists(o.ID) {
		err = idTaken(o.ID)
	}
	if err == nil {
		err = m.awaitSupervisor(ctx, o.ID, supervisorEnd)
	}
	if err != nil {
		l.Remove()
		return "", nil, err
	}
	return o.ID, sync.OnceFunc(func() { l.Remove() }), nil
}

// free lets go of a container that is on its way out.
func (m *Manager) free(ctx context.Context, id string) error {
	if m.ends(id) {
		if err := m.awaitSupervisor(ctx, id, supervisorEnd); err != nil {
			return err
		}
	}
	return m.recoverID(ctx, id)
}

func idTaken(id string) error {
	return errs.New(errs.Conflict, "the id %s is in use by a container: remove it first", id)
}

// claim gives container c its name. One whose holder a dead command left behind is
// freed first.
func (m *Manager) claim(ctx context.Context, c *record.Container) error {
	err := m.Store.ClaimName(c.Name, c.ID)
	if !errs.Is(err, errs.Conflict) {
		return err
	}
	holder, herr := m.Store.NameHolder(c.Name)
	if herr != nil || holder == "" {
		return m.Store.ClaimName(c.Name, c.ID)
	}
	if err := m.free(ctx, holder); err != nil {
		return err
	}
	if err := m.Store.ClaimName(c.Name, c.ID); !errs.Is(err, errs.Conflict) {
		return err
	}
	return nameTaken(c.Name, holder)
}

func nameTaken(name, holder string) error {
	return errs.New(errs.Conflict, "the container name %q is in use by container %s: remove or rename it first", name, short(holder))
}

// ends reports whether container id is gone or on its way out: one whose maker or
// remover died, or a --rm container whose process has ended.
func (m *Manager) ends(id string) bool {
	c, cerr := m.Store.Container(id)
	st, err := m.Store.State(id)
	if errs.Is(err, errs.NotFound) {
		return true // it has just gone
	}
	if err != nil || m.lost(st) {
		return err == nil
	}
	return cerr == nil && c.Policy.AutoRemove && (m.initEnded(st) || st.Status == record.Removing)
}

// randomName returns an adjective and a tree: two words that are easy to say.
func randomName() string {
	b := make([]byte, 3)
	rand.Read(b)
	n := int(b[0])<<16 | int(b[1])<<8 | int(b[2])
	a, t := adjectives(), trees()
	return a[n%len(a)] + "_" + t[n/len(a)%len(t)]
}

// madeUp claims made-up names until one is free, beginning with the one that c
// has.
func (m *Manager) madeUp(c *record.Container) error {
	for i := range 20 {
		if i > 0 {
			c.Name = randomName()
		}
		if i > 5 {
			c.Name += "_" + c.ID[:4]
		}
		err := m.Store.ClaimName(c.Name, c.ID)
		if !errs.Is(err, errs.Conflict) {
			return err
		}
	}
	return errs.New(errs.Conflict, "no free name found: give one with --name")
}
