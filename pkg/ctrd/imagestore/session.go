package imagestore

import (
	"context"
	"crypto/rand"
	"time"

	leasesapi "github.com/containerd/containerd/api/services/leases/v1"
	"github.com/opencontainers/go-digest"
	"google.golang.org/grpc/metadata"

	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/errs"
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
	keep  string // see Keep
	// Lock takes the machine-wide lock of that name and returns what gives it
	// back; nil: no lock, and two sessions may do the same work twice.
	Lock func(ctx context.Context, name string) (unlock func(), err error)
}

// Begin makes a lease.
func (s *Store) Begin(ctx context.Context) (*Session, error) {
	id, err := images.LeaseID(rand.Text()[:8])
	if err != nil {
		return nil, err
	}
	if err := s.newLease(ctx, id); err != nil {
		return nil, err
	}
	return &Session{Store: s, lease: id}, nil
}

func (s *Store) newLease(ctx context.Context, id string) error {
	_, err := s.leases().Create(s.in(ctx), &leasesapi.CreateRequest{ID: id, Labels: map[string]string{
		"containerd.io/gc.expire": time.Now().Add(expiry).UTC().Format(time.RFC3339),
	}})
	return fault(err, "make a lease in containerd at "+s.address)
}

// End gives the lease back, and those of sessions that died. It works when ctx
// has ended, too. What no image record names by now is collected.
func (s *Session) End(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	_, err := s.leases().Delete(s.in(ctx), &leasesapi.DeleteRequest{ID: s.lease})
	if err := fault(err, "remove lease "+s.lease); err != nil && !errs.Is(err, errs.NotFound) {
		return err
	}
	_, err = images.Reap(ctx, s.rpc, s.namespace)
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
	return s.add(ctx, s.lease, kind, id)
}

func (s *Store) add(ctx context.Context, lease, kind, id string) error {
	_, err := s.leases().AddResource(s.in(ctx), &leasesapi.AddResourceRequest{
		ID: lease, Resource: &leasesapi.Resource{ID: id, Type: kind},
	})
	return fault(err, "hold "+id)
}
