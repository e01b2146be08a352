package images

import (
	"context"
	"errors"
	"io"
	"path/filepath"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/ctrd/rpc"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// Content is the content store of a containerd, as one of its namespaces sees it.
type Content struct {
	Conn      *rpc.Conn
	Namespace string
	// Blobs is the folder of the store's files, of an engine of Pouch's own; empty:
	// they are asked for. A small file is sooner read than asked for, and checked
	// against its digest either way.
	Blobs string
}

// MaxDocument bounds a manifest, an index or an image config that is read.
const MaxDocument = 4 << 20

// readRequest is containerd.services.content.v1.ReadContentRequest.
type readRequest struct {
	Digest string `pb:"1"`
}

// Blob reads a small blob whole and checks it against its digest. One that is
// not there gives kind not_found, one over MaxDocument or with another content
// kind corrupt.
func (c Content) Blob(ctx context.Context, d digest.Digest) ([]byte, error) {
	if err := d.Validate(); err != nil {
		return nil, errs.New(errs.Corrupt, "blob %q: %w", d, err)
	}
	data, err := c.read(ctx, d)
	if err != nil {
		return nil, of(c.Conn, err, "read blob "+d.String())
	}
	if len(data) > MaxDocument {
		return nil, errs.New(errs.Corrupt, "blob %s: larger than %d bytes", d, MaxDocument)
	}
	if d.Algorithm().FromBytes(data) != d {
		return nil, errs.New(errs.Corrupt, "blob %s: its content is another: remove the image and pull it again", d)
	}
	return data, nil
}

// read reads a blob, or a little more than MaxDocument of it.
func (c Content) read(ctx context.Context, d digest.Digest) ([]byte, error) {
	if c.Blobs != "" {
		path := filepath.Join(c.Blobs, d.Algorithm().String(), d.Encoded())
		if data, err := fsx.ReadAtMost(path, MaxDocument); err == nil {
			return data, nil
		}
	}
	s, err := c.Conn.Open(ctx, "/containerd.services.content.v1.Content/Read", inNamespace(c.Namespace), readRequest{d.String()})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var data []byte
	for {
		var part struct {
			Data []byte `pb:"2"`
		}
		err := s.Recv(&part)
		if errors.Is(err, io.EOF) {
			return data, nil
		}
		if err != nil {
			return nil, err
		}
		if data = append(data, part.Data...); len(data) > MaxDocument {
			return data, nil
		}
	}
}

func inNamespace(ns string) rpc.Metadata { return rpc.Metadata{"containerd-namespace": ns} }
