package registrytest

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// tokens is the token server of a registry, and what lets its tokens in
// (distribution's specification, "Token Authentication").
type tokens struct {
	o     Options
	mu    sync.Mutex
	given map[string][]string // a token's scopes
}

// serve answers a request for a token, or one without a valid token, and reports
// whether it did.
func (s *tokens) serve(w http.ResponseWriter, q *http.Request) bool {
	if q.URL.Path == "/token" {
		s.give(w, q)
		return true
	}
	scope := scopeOf(q)
	if s.valid(strings.TrimPrefix(q.Header.Get("Authorization"), "Bearer "), scope) {
		return false
	}
	scheme := "http"
	if s.o.TLS {
		scheme = "https"
	}
	challenge := fmt.Sprintf(`Bearer realm="%s://%s/token",service="registrytest"`, scheme, q.Host)
	if scope != "" {
		challenge += fmt.Sprintf(`,scope="%s"`, scope)
	}
	w.Header().Set("WWW-Authenticate", challenge)
	refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
	return true
}

// scopeOf is what a token must allow for the request.
func scopeOf(q *http.Request) string {
	path := strings.TrimPrefix(q.URL.Path, "/v2/")
	for _, kind := range []string{"/manifests/", "/blobs/", "/tags/"} {
		name, _, ok := strings.Cut(path, kind)
		if !ok {
			continue
		}
		switch q.Method {
		case http.MethodGet, http.MethodHead:
			return "repository:" + name + ":pull"
		case http.MethodDelete:
			return "repository:" + name + ":delete"
		}
		return "repository:" + name + ":pull,push"
	}
	return ""
}

func (s *tokens) give(w http.ResponseWriter, q *http.Request) {
	user, password, ok := q.BasicAuth()
	if s.o.User != "" && (!ok || user != s.o.User || password != s.o.Password) {
		refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "incorrect username or password")
		return
	}
	id := rand.Text()
	s.mu.Lock()
	s.given[id] = q.URL.Query()["scope"]
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(map[string]any{"token": id, "expires_in": 300}); err != nil {
		panic(err)
	}
}

func (s *tokens) valid(id, scope string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	scopes, ok := s.given[id]
	return ok && (scope == "" || slices.ContainsFunc(scopes, func(given string) bool { return covers(given, scope) }))
}

// covers reports whether a scope allows each action of another.
func covers(given, wanted string) bool {
	g, w := strings.LastIndexByte(given, ':'), strings.LastIndexByte(wanted, ':')
	if g < 0 || given[:g] != wanted[:w] {
		return false
	}
	actions := strings.Split(given[g+1:], ",")
	for a := range strings.SplitSeq(wanted[w+1:], ",") {
		if !slices.Contains(actions, a) && !slices.Contains(actions, "*") {
			return false
		}
	}
	return true
}

func refuse(w http.ResponseWriter, code int, word, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"errors":[{"code":%q,"message":%q}]}`, word, text)
}
