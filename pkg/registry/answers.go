//go:build pouch_answers

package registry

import (
	"context"
	"net/http"

	"go.podman.io/image/v5/docker"
)

// hearsAnswers reports whether the library tells of answers: see pouch-image/image-patch.
const hearsAnswers = true

// withAnswers returns a context whose requests to registries tell heard of every
// answer, several at once.
func withAnswers(ctx context.Context, heard func(status int, header http.Header)) context.Context {
	return docker.WithAnswers(ctx, func(r *http.Response) { heard(r.StatusCode, r.Header) })
}
