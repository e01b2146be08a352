package images

import (
	"context"
	"errors"
	"io"

	contentapi "github.com/containerd/containerd/api/services/content/v1"
	"github.com/opencontainers/go-digest"
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
		return nil, Fault(err, "read blob "+d.String())
	}
	var data []byte
	for {
		msg, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, Fault(err, "read blob "+d.String())
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
