package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/docker/distribution/registry/api/errcode"
	"go.podman.io/image/v5/docker"
	"go.podman.io/image/v5/signature"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// fault gives an error of the library a kind, and puts what was being done in
// front.
func fault(err error, doing string) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return errs.New(kindOf(err), "%s: %s", doing, text(err))
}

// text drops what the library says of its own doing: the reader knows what was
// asked for.
func text(err error) string {
	if e, ok := errors.AsType[*explanation](err); ok {
		return e.Error()
	}
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return e.Error()
	}
	if tooLarge(err) {
		return "the manifest, or what was sent in its place, is too large: " + err.Error()
	}
	s := err.Error()
	for _, noise := range []string{"initializing source ", "reading manifest ", "fetching manifest "} {
		if rest, ok := strings.CutPrefix(s, noise); ok {
			if _, cause, ok := strings.Cut(rest, ": "); ok {
				s = cause
			}
		}
	}
	return s
}

func kindOf(err error) errs.Kind {
	if e, ok := errors.AsType[*explanation](err); ok {
		return kindOf(e.error)
	}
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return e.Kind
	}
	if _, ok := errors.AsType[docker.ErrUnauthorizedForCredentials](err); ok {
		return errs.Denied
	}
	if _, ok := errors.AsType[signature.PolicyRequirementError](err); ok {
		return errs.Denied
	}
	if errors.Is(err, docker.ErrTooManyRequests) {
		return errs.Unavailable
	}
	if e, ok := errors.AsType[docker.UnexpectedHTTPStatusError](err); ok {
		return statusKind(e.StatusCode)
	}
	if e, ok := errors.AsType[errcode.Error](err); ok {
		return codeKind(e)
	}
	if code := statusIn(err); code != 0 {
		return statusKind(code)
	}
	if mismatch(err) || tooLarge(err) {
		return errs.Corrupt
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return errs.Denied // it will not be another one later
	}
	if strings.Contains(err.Error(), "is blocked in one of") { // of the library's, without a type
		return errs.Denied
	}
	if passing(err) {
		return errs.Unavailable
	}
	return errs.Internal
}

func codeKind(e errcode.Error) errs.Kind {
	switch e.Code {
	case errcode.ErrorCodeUnauthorized, errcode.ErrorCodeDenied:
		return errs.Denied
	case errcode.ErrorCodeTooManyRequests, errcode.ErrorCodeUnavailable:
		return errs.Unavailable
	}
	// The codes of manifests and names are in a part of the API package that
	// this one does not need: their words are fixed by the specification.
	switch e.Code.String() {
	case "MANIFEST_UNKNOWN", "NAME_UNKNOWN", "BLOB_UNKNOWN":
		return errs.NotFound
	case "NAME_INVALID", "TAG_INVALID":
		return errs.Invalid
	}
	return statusKind(e.Code.Descriptor().HTTPStatusCode)
}

func statusKind(code int) errs.Kind {
	switch {
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return errs.Denied
	case code == http.StatusNotFound:
		return errs.NotFound
	case code == http.StatusTooManyRequests || code >= 500:
		return errs.Unavailable
	}
	return errs.Internal
}

// statusIn finds the HTTP status in an answer without a body that explains it: the
// library's error for that has no type.
func statusIn(err error) int {
	_, rest, ok := strings.Cut(err.Error(), "StatusCode: ")
	if !ok {
		return 0
	}
	digits, _, _ := strings.Cut(rest, ",")
	code, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return code
}

// mismatch knows the library's own complaints about digests, which have no type.
func mismatch(err error) bool {
	s := err.Error()
	for _, m := range []string{"Digest did not match", "does not match provided manifest digest", "does not match selected manifest digest", "does not match expected"} {
		if strings.Contains(s, m) {
			return true
		}
	}
	return false
}

// tooLarge knows the library's own complaint about documents without an end.
func tooLarge(err error) bool { return strings.Contains(err.Error(), "exceeded maximum allowed size") }

// passing reports whether the same may work later.
func passing(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return true
	}
	_, ok := errors.AsType[net.Error](err)
	return ok
}
