package images

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	contentapi "github.com/containerd/containerd/api/services/content/v1"
	"github.com/opencontainers/go-digest"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// MaxDocument bounds a manifest, an index or an image config that is read.
const MaxDocument = 4 << 20

// Blob reads a small blob whole and checks it against its digest. One that is
// not there gives kind not_found, one over MaxDocument or with another content
// kind corrupt. ctx carries the namespace.
func Blob(ctx context.Context, cc contentapi.ContentClient, d digest.Digest) ([]byte, error) {
	if err := d.Validate(); err != nil {
		return nil, errs.New(errs.Corrupt, "blob %q: %w", d, err)
	}
	ctx, cancel := context.WithCancel(ctx) // ends the stream on every way out
	defer cancel()
	stream, err := cc.Read(ctx, &contentapi.ReadContentRequest{Digest: d.String()})
	if err != nil {
		return nil, kind(err, "read blob "+d.String())
	}
	var data []byte
	for {
		msg, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, kind(err, "read blob "+d.String())
		}
		data = append(data, msg.Data...)
		if len(data) > MaxDocument {
			return nil, errs.New(errs.Corrupt, "blob %s: larger than %d bytes", d, MaxDocument)
		}
	}
	if d.Algorithm().FromBytes(data) != d {
		return nil, errs.New(errs.Corrupt, "blob %s: its content is another: remove the image and pull it again", d)
	}
	return data, nil
}

func document(ctx context.Context, cc contentapi.ContentClient, d digest.Digest, v any) error {
	data, err := Blob(ctx, cc, d)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return errs.New(errs.Corrupt, "blob %s: %w", d, err)
	}
	return nil
}

// kind gives an error of containerd's API the kind of its gRPC code.
func kind(err error, doing string) error {
	k := errs.Internal
	switch status.Code(err) {
	case codes.NotFound:
		k = errs.NotFound
	case codes.Unavailable, codes.DeadlineExceeded:
		k = errs.Unavailable
	case codes.PermissionDenied, codes.Unauthenticated:
		k = errs.Denied
	case codes.InvalidArgument:
		k = errs.Invalid
	}
	return errs.New(k, "%s: %w", doing, err)
}
