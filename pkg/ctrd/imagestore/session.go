package imagestore

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	leasesapi "github.com/containerd/containerd/api/services/leases/v1"
	"github.com/opencontainers/go-digest"
	"google.golang.org/grpc/metadata"

	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
)

// expiry is when containerd drops a lease by itself, should nobody else.
const expiry = 24 * time.Hour

// endTimeout bounds the tidying after work that may have been cancelled.
const endTimeout = 10 * time.Second

// Session is work under a lease: what it stores and reads stays until End. It
// implements registry.Store.
type Session struct {
	*Store
	lease string
	// Lock takes the machine-wide lock of that name and returns what gives it
	// back; nil: no lock, and two sessions may do the same work twice.
	Lock func(ctx context.Context, name string) (unlock func(), err error)

	// Limit bounds the disk space of an unpacked layer, bytes; 0: no bound.
	Limit int64

	partial string      // what is fetched, when a later session goes on with it
	brought atomic.Bool // there is something to go on with
	held    sync.Map    // kind and id of what the lease holds
	begun   sync.Map    // ingests of blobs whose fetching did not come to its end

	asked  sync.Once // see rebases
	rebase bool
}

// Begin makes a lease.
func (s *Store) Begin(ctx context.Context) (*Session, error) {
	id, err := images.LeaseID(rand.Text()[:8])
	if err != nil {
		return nil, err
	}
	return &Session{Store: s, lease: id}, s.newLease(ctx, id)
}

// Resume is Begin for work that fetches what is called name: what sessions before
// have kept is used. Keep keeps it.
func (s *Store) Resume(ctx context.Context, name string) (*Session, error) {
	id, err := images.PartialID(name, rand.Text()[:8])
	if err != nil {
		return nil, err
	}
	return &Session{Store: s, lease: id, partial: name}, s.newLease(ctx, id)
}

func (s *Store) newLease(ctx context.Context, id string) error {
	_, err := s.leases().Create(s.in(ctx), &leasesapi.CreateRequest{ID: id, Labels: map[string]string{
		"containerd.io/gc.expire": time.Now().Add(expiry).UTC().Format(time.RFC3339),
	}})
	return fault(err, "make a lease in containerd at "+s.address)
}

// End gives the lease back, and those of sessions that died; of Resume, those of
// sessions of the same name that did not come to their end. It works when ctx
// has ended, too. What no image record names by now is collected, with the parts of
// blobs that came.
func (s *Session) End(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	if err := errors.Join(s.dropBegun(ctx), s.dropLease(ctx, s.lease, false)); err != nil {
		return err
	}
	if s.partial != "" {
		if err := s.dropPartial(ctx, s.partial, false); err != nil {
			return err
		}
	}
	_, err := images.Reap(ctx, s.rpc, s.namespace)
	return err
}

// Keep ends a session that failed: what it brought stays until a session of the same
// name has ended well, or for a day. A session of Begin, and one that brought
// nothing, keeps nothing.
func (s *Session) Keep(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	if s.partial == "" {
		if err := s.dropBegun(ctx); err != nil {
			return err
		}
	}
	if s.partial == "" || !s.brought.Load() {
		if err := s.dropLease(ctx, s.lease, false); err != nil {
			return err
		}
	}
	_, err := images.Reap(ctx, s.rpc, s.namespace)
	return err
}

// under names namespace and lease in a call's context.
func (s *Session) under(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(s.in(ctx), "containerd-lease", s.lease)
}

// Hold keeps a blob, with all that its labels refer to. Idempotent.
func (s *Session) Hold(ctx context.Context, d digest.Digest) error {
	return s.hold(ctx, "content", d.String())
}

func (s *Session) hold(ctx context.Context, kind, id string) error {
	if _, held := s.held.Load(kind + " " + id); held {
		return nil
	}
	_, err := s.leases().AddResource(s.in(ctx), &leasesapi.AddResourceRequest{
		ID: s.lease, Resource: &leasesapi.Resource{ID: id, Type: kind},
	})
	if err == nil {
		s.held.Store(kind+" "+id, true)
	}
	return fault(err, "hold "+id)
}
