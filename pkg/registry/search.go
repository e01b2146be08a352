package registry

import (
	"context"
	"strings"

	"github.com/sirupsen/logrus"
	"go.podman.io/image/v5/docker"
)

// Found is one repository that a search has found.
type Found struct {
	Index       string // the registry
	Name        string // with the registry
	Description string
	Stars       int
	Official    bool
}

// DefaultRegistry is where a name without a registry is looked for.
const DefaultRegistry = "docker.io"

// Search asks a registry for repositories whose name or description has term in
// it, limit of them at most: Docker Hub's own way, or the catalog that others
// have. A term REGISTRY/WORD asks that registry. Errors are those of Pull.
func Search(ctx context.Context, term string, limit int, o Options) ([]Found, error) {
	host, word := DefaultRegistry, term
	if first, rest, ok := strings.Cut(term, "/"); ok && (strings.ContainsAny(first, ".:") || first == "localhost") {
		host, word = first, rest
	}
	sys, err := o.system(host)
	if err != nil {
		return nil, err
	}
	logrus.SetLevel(logrus.FatalLevel) // the library tells of its two ways to search before it fails
	var res []docker.SearchResult
	err = trying(ctx, o, func(ctx context.Context) error {
		wait, _, stop := expiring(ctx, 2*o.idle())
		defer stop()
		res, err = docker.SearchRegistry(wait, sys, host, word, limit)
		return cause(ctx, err)
	})
	if err != nil {
		return nil, o.explainedAlone(err, "search "+host, host+"/search")
	}
	out := make([]Found, 0, len(res))
	for _, r := range res[:min(len(res), limit)] {
		name := r.Name
		if host != DefaultRegistry {
			name = host + "/" + name
		}
		out = append(out, Found{host, name, r.Description, r.StarCount, r.IsOfficial})
	}
	return out, nil
}
