package registrytest

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// service is the name that tokens are made for, and by.
const service = "registrytest"

// signer is a token server whose tokens a registry checks by itself (distribution's
// specification, "Token Authentication Implementation").
type signer struct {
	o    Options
	cert tls.Certificate
}

// ServeHTTP implements http.Handler.
func (s signer) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	user, password, ok := q.BasicAuth()
	if s.o.User != "" && (!ok || user != s.o.User || password != s.o.Password) {
		refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "incorrect username or password")
		return
	}
	access := []map[string]any{}
	for _, scope := range q.URL.Query()["scope"] {
		f := strings.Split(scope, ":")
		if len(f) >= 3 {
			actions := strings.Split(f[len(f)-1], ",")
			access = append(access, map[string]any{"type": f[0], "name": strings.Join(f[1:len(f)-1], ":"), "actions": actions})
		}
	}
	now := time.Now()
	token, err := s.sign(map[string]any{
		"iss": service, "sub": user, "aud": service, "jti": rand.Text(), "access": access,
		"iat": now.Unix(), "nbf": now.Add(-time.Minute).Unix(), "exp": now.Add(5 * time.Minute).Unix(),
	})
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(map[string]any{"token": token, "expires_in": 300}); err != nil {
		panic(err)
	}
}

// sign makes a JSON web token (RFC 7519) with ES256 (RFC 7518, 3.4).
func (s signer) sign(claims map[string]any) (string, error) {
	part := func(v any) (string, error) {
		b, err := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(b), err
	}
	head, err := part(map[string]any{"typ": "JWT", "alg": "ES256", "x5c": []string{base64.StdEncoding.EncodeToString(s.cert.Certificate[0])}})
	if err != nil {
		return "", err
	}
	body, err := part(claims)
	if err != nil {
		return "", err
	}
	hash := sha256.Sum256([]byte(head + "." + body))
	r, z, err := ecdsa.Sign(rand.Reader, s.cert.PrivateKey.(*ecdsa.PrivateKey), hash[:])
	if err != nil {
		return "", err
	}
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	z.FillBytes(sig[32:])
	return head + "." + body + "." + base64.RawURLEncoding.EncodeToString(sig), nil
}
