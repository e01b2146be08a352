package registry

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"

	"go.podman.io/image/v5/signature"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// gpg signs with the program of that name, which knows keys, agents and cards. It
// implements signature.SigningMechanism for making signatures alone.
type gpg struct {
	ctx        context.Context
	path       string
	passphrase []byte // empty: what the agent knows
}

// newGPG finds the program. Kind unsupported: there is none.
func newGPG(ctx context.Context, passphrase []byte) (*gpg, error) {
	path, err := exec.LookPath("gpg")
	if err != nil {
		return nil, errs.New(errs.Unsupported, "sign with a GPG key: the program gpg is not in PATH: install it (Debian: gnupg), or sign with a sigstore key")
	}
	return &gpg{ctx, path, passphrase}, nil
}

// Sign implements signature.SigningMechanism: a signature with its content in it, by
// the key of that fingerprint.
func (g *gpg) Sign(input []byte, fingerprint string) ([]byte, error) {
	args := []string{"--batch", "--no-tty", "--quiet", "--local-user", fingerprint}
	var extra []*os.File
	if len(g.passphrase) > 0 {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		defer r.Close()
		go func() {
			defer w.Close()
			w.Write(append(bytes.Clone(g.passphrase), '\n')) //nolint:errcheck // gpg tells what it misses
		}()
		extra = append(extra, r)
		args = append(args, "--pinentry-mode", "loopback", "--passphrase-fd", "3")
	}
	c := exec.CommandContext(g.ctx, g.path, append(args, "--output", "-", "--sign")...)
	var out, said bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr, c.ExtraFiles = bytes.NewReader(input), &out, &said, extra
	if err := c.Run(); err != nil {
		if g.ctx.Err() != nil {
			return nil, context.Cause(g.ctx)
		}
		return nil, errs.New(errs.Invalid, "sign by %s: %s: %w", fingerprint, strings.TrimSpace(said.String()), err)
	}
	return out.Bytes(), nil
}

var errSignsOnly = errors.New("gpg: signs only")

// Verify implements signature.SigningMechanism.
func (g *gpg) Verify([]byte) ([]byte, string, error) { return nil, "", errSignsOnly }

// UntrustedSignatureContents implements signature.SigningMechanism.
func (g *gpg) UntrustedSignatureContents([]byte) ([]byte, string, error) {
	return nil, "", errSignsOnly
}

// SupportsSigning implements signature.SigningMechanism.
func (g *gpg) SupportsSigning() error { return nil }

// Close implements signature.SigningMechanism.
func (g *gpg) Close() error { return nil }

var _ signature.SigningMechanism = (*gpg)(nil)
