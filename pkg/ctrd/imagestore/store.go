// Package imagestore keeps images in containerd: blobs in its content store,
// layers unpacked into its snapshots, names in its image store. What is being
// fetched is held by a lease until an image record names it, so nothing is
// collected too early and a fetch that dies leaves only what is collected.
//
// It speaks containerd's generated API alone. Errors have the kind of their
// gRPC code; an engine that is gone or hangs gives kind unavailable.
package imagestore

import (
	"context"
	"errors"
	"time"

	contentapi "github.com/containerd/containerd/api/services/content/v1"
	diffapi "github.com/containerd/containerd/api/services/diff/v1"
	imagesapi "github.com/containerd/containerd/api/services/images/v1"
	leasesapi "github.com/containerd/containerd/api/services/leases/v1"
	snapshotsapi "github.com/containerd/containerd/api/services/snapshots/v1"
	versionapi "github.com/containerd/containerd/api/services/version/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/ctrd/rpc"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Snapshotter is the one that layers are unpacked into.
const Snapshotter = images.Snapshotter

const (
	pingEvery   = 5 * time.Second
	pingTimeout = 10 * time.Second
	maxMessage  = 16 << 20
)

// Store is a connection to containerd in one namespace.
type Store struct {
	conn      *grpc.ClientConn
	rpc       *rpc.Conn // of package images
	address   string
	namespace string
}

// Open returns the store of the containerd that listens on the unix socket at
// address. It does not wait for a connection: the first call does.
func Open(address, namespace string) (*Store, error) {
	conn, err := grpc.NewClient("unix:"+address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDisableServiceConfig(), grpc.WithNoProxy(),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)))
	if err != nil {
		return nil, errs.New(errs.Unavailable, "containerd at %s: %w", address, err)
	}
	return &Store{conn: conn, rpc: rpc.NewConn(address), address: address, namespace: namespace}, nil
}

// Close ends the connection.
func (s *Store) Close() error { return errors.Join(s.conn.Close(), s.rpc.Close()) }

// Conn is a connection for images.Lookup.
func (s *Store) Conn() *rpc.Conn { return s.rpc }

// blobs reads small documents.
func (s *Store) blobs() images.Content { return images.Content{Conn: s.rpc, Namespace: s.namespace} }

// Namespace is the one that the store works in.
func (s *Store) Namespace() string { return s.namespace }

func (s *Store) content() contentapi.ContentClient { return contentapi.NewContentClient(s.conn) }
func (s *Store) diff() diffapi.DiffClient          { return diffapi.NewDiffClient(s.conn) }
func (s *Store) images() imagesapi.ImagesClient    { return imagesapi.NewImagesClient(s.conn) }
func (s *Store) leases() leasesapi.LeasesClient    { return leasesapi.NewLeasesClient(s.conn) }
func (s *Store) snapshots() snapshotsapi.SnapshotsClient {
	return snapshotsapi.NewSnapshotsClient(s.conn)
}

// in names the namespace in a call's context.
func (s *Store) in(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "containerd-namespace", s.namespace)
}

// Watch returns a context that ends, with kind unavailable, when containerd
// stops answering: calls that unpack or wait may rightly take long. stop ends
// the watching.
func (s *Store) Watch(ctx context.Context) (watched context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		for {
			if err := s.ping(ctx); err != nil && ctx.Err() == nil {
				cancel(errs.New(errs.Unavailable, "containerd at %s does not answer: %w", s.address, err))
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(pingEvery):
			}
		}
	}()
	return ctx, func() { cancel(context.Canceled) }
}

func (s *Store) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	_, err := versionapi.NewVersionClient(s.conn).Version(ctx, &emptypb.Empty{})
	return err
}
