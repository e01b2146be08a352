package registry

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/distribution/registry/api/errcode"
	"go.podman.io/image/v5/docker"
	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/pkg/sysregistriesv2"
	"go.podman.io/image/v5/types"
)

// explained is fault of a request for the image with the full name; it adds which
// registry answered what, which mirrors were asked before, and whose credentials
// were used.
func (o Options) explained(err error, doing, full string) error {
	return o.explain(err, doing, full, endpoints)
}

// explainedAlone is explained of a request that goes to the image's own registry and to no
// mirror: a push, a deletion, a list of tags.
func (o Options) explainedAlone(err error, doing, full string) error {
	return o.explain(err, doing, full, func(_ *types.SystemContext, n reference.Named) (reference.Named, []string) { return n, nil })
}

// asked tells who was asked for an image last, and which mirrors before.
type asked = func(*types.SystemContext, reference.Named) (last reference.Named, mirrors []string)

func (o Options) explain(err error, doing, full string, who asked) error {
	code := statusOf(err)
	if code == 0 {
		return fault(err, doing)
	}
	named, perr := reference.ParseNormalizedNamed(full)
	if perr != nil {
		return fault(err, doing)
	}
	sys, serr := o.system(reference.Domain(named))
	if serr != nil {
		return fault(err, doing)
	}
	last, mirrors := who(sys, named)
	says := answer(reference.Domain(last), code)
	if len(mirrors) > 0 {
		says += "; mirrors: " + strings.Join(mirrors, ", ")
	}
	if code == http.StatusUnauthorized || code == http.StatusForbidden {
		says += "; " + o.whose(sys, last)
	}
	return fault(&explanation{err, says}, doing)
}

func answer(host string, code int) string {
	return fmt.Sprintf("registry %s answered %d %s", host, code, http.StatusText(code))
}

// explanation is an error with what else is to be known.
type explanation struct {
	error
	says string
}

// Error implements error.
func (e *explanation) Error() string {
	what := text(e.error)
	if bare(what) {
		return e.says
	}
	return what + " (" + e.says + ")"
}

// bare reports whether the library had nothing to tell of an answer but its status.
func bare(text string) bool {
	last := text[strings.LastIndex(text, ": ")+1:]
	status, body, ok := strings.Cut(strings.TrimSpace(last), ", ")
	_, err := strconv.Atoi(status)
	return ok && err == nil && body == `""` && strings.Contains(text, "StatusCode: ")
}

// Unwrap returns the error without the explanation.
func (e *explanation) Unwrap() error { return e.error }

// statusOf is the HTTP status of the answer that err tells of; 0: there was none.
func statusOf(err error) int {
	if err == nil {
		return 0
	}
	if _, ok := errors.AsType[docker.ErrUnauthorizedForCredentials](err); ok {
		return http.StatusUnauthorized
	}
	if errors.Is(err, docker.ErrTooManyRequests) {
		return http.StatusTooManyRequests
	}
	if e, ok := errors.AsType[docker.UnexpectedHTTPStatusError](err); ok {
		return e.StatusCode
	}
	if e, ok := errors.AsType[errcode.Error](err); ok {
		return e.Code.Descriptor().HTTPStatusCode
	}
	return statusIn(err)
}

// endpoints are the place where an image is asked for last, and the mirrors
// before it, after registries.conf.
func endpoints(sys *types.SystemContext, named reference.Named) (last reference.Named, mirrors []string) {
	reg, err := sysregistriesv2.FindRegistry(sys, named.Name())
	if err != nil || reg == nil {
		return named, nil
	}
	sources, err := reg.PullSourcesFromReference(named)
	if err != nil || len(sources) == 0 {
		return named, nil
	}
	for _, s := range sources[:len(sources)-1] {
		mirrors = append(mirrors, s.Endpoint.Location)
	}
	return sources[len(sources)-1].Reference, mirrors
}

// whose tells which credentials go to a repository.
func (o Options) whose(sys *types.SystemContext, named reference.Named) string {
	if o.Creds != "" {
		return "credentials: those of --creds"
	}
	files := authFiles(sys)
	for _, path := range files {
		if entry := readAuthFile(path).entry(named); entry != "" {
			return "credentials: " + entry
		}
	}
	if sys.DockerAuthConfig != nil {
		return "credentials: the store of " + dockerConfig()
	}
	if helpers, err := sysregistriesv2.CredentialHelpers(sys); err == nil {
		helpers = slices.DeleteFunc(slices.Clone(helpers), func(h string) bool { return h == sysregistriesv2.AuthenticationFileHelper })
		if len(helpers) > 0 {
			return "credentials: asked of " + helperProgram(strings.Join(helpers, ", "))
		}
	}
	return "no credentials for it in " + strings.Join(files, ", ")
}

// authFiles are the files that may have credentials, in the library's order.
func authFiles(sys *types.SystemContext) []string {
	if sys.AuthFilePath != "" {
		return []string{sys.AuthFilePath}
	}
	home := os.Getenv("HOME")
	run := fmt.Sprintf("/run/containers/%d", os.Getuid())
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		run = filepath.Join(dir, "containers")
	}
	conf := filepath.Join(home, ".config")
	if dir := os.Getenv("XDG_CONFIG_HOME"); dir != "" {
		conf = dir
	}
	return []string{filepath.Join(run, "auth.json"), filepath.Join(conf, "containers", "auth.json"), dockerConfig()}
}

// entry tells what in the file has the credentials of a repository, or nothing:
// containers-auth.json(5).
func (f authFile) entry(named reference.Named) string {
	host := reference.Domain(named)
	if h := f.CredHelpers[host]; h != "" {
		return fmt.Sprintf("helper %s of %s", helperProgram(h), f.path)
	}
	for key := named.Name(); key != "."; key = filepath.Dir(key) {
		if _, ok := f.Auths[key]; ok {
			return fmt.Sprintf("entry %s of %s", key, f.path)
		}
	}
	var like []string
	for key := range f.Auths {
		if strings.Contains(key, host) {
			like = append(like, key)
		}
	}
	if len(like) == 0 {
		return ""
	}
	slices.Sort(like)
	return fmt.Sprintf("entry %s of %s", like[0], f.path)
}
