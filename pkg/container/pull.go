package container

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/term"

	"github.com/pouchcontainer/pouch/pkg/ctrd"
	"github.com/pouchcontainer/pouch/pkg/ctrd/images"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/libexec"
	"github.com/pouchcontainer/pouch/pkg/manifest"
)

// image finds the image that o asks for, pulled before if o says so.
func (m *Manager) image(ctx context.Context, cl *ctrd.Client, o *Options) (*images.Resolved, error) {
	if o.Pull == "always" {
		ref, err := m.pull(ctx, o)
		if err != nil {
			return nil, err
		}
		return local(ctx, cl, ref, o.Platform)
	}
	img, err := local(ctx, cl, o.Image, o.Platform)
	if !errs.Is(err, errs.NotFound) {
		return img, err
	}
	if o.Pull == "never" {
		return nil, fmt.Errorf("%w: pull it with pouch-image pull", err)
	}
	ref, err := m.pull(ctx, o, "--missing") // a short name may have an alias, of which pouch-image knows
	if err != nil {
		return nil, err
	}
	return local(ctx, cl, ref, o.Platform)
}

// local finds the image ref in containerd, for the platform if one is asked for.
func local(ctx context.Context, cl *ctrd.Client, ref, platform string) (*images.Resolved, error) {
	if platform == "" {
		return images.Lookup(ctx, cl.Images(), ref)
	}
	p, err := manifest.ParsePlatform(platform)
	if err != nil {
		return nil, err
	}
	return images.LookupFor(ctx, cl.Images(), ref, p)
}

// pull has pouch-image pull the image: the image libraries would double the
// time that every run takes to begin. It returns the name that the image has here.
func (m *Manager) pull(ctx context.Context, o *Options, more ...string) (ref string, err error) {
	path, err := libexec.Find("pouch-image")
	if err != nil {
		return "", err
	}
	args := append(m.imageGlobals(), "pull")
	args = append(append(append(args, pullFlags(o)...), more...), "--", o.Image)
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	last := &errorLine{prefix: "pouch-image: ", out: os.Stderr}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, last
	if term.IsTerminal(int(os.Stderr.Fd())) {
		cmd.Stderr = os.Stderr // progress bars
	}
	slog.Debug("pull", "command", cmd.Args)
	err = m.unit.pulling(cmd)
	if err == nil || ctx.Err() != nil {
		return strings.TrimSpace(out.String()), err
	}
	return "", pullFailed(o.Image, last.text(), err)
}

// pullFlags are those of pouch-image pull that o asks for.
func pullFlags(o *Options) []string {
	var args []string
	if o.Quiet {
		args = append(args, "--quiet")
	}
	if o.Platform != "" {
		args = append(args, "--platform", o.Platform)
	}
	if o.AuthFile != "" {
		args = append(args, "--authfile", o.AuthFile)
	}
	if o.CertDir != "" {
		args = append(args, "--cert-dir", o.CertDir)
	}
	if o.TLSVerify != nil {
		args = append(args, "--tls-verify="+strconv.FormatBool(*o.TLSVerify))
	}
	if o.Retry != nil {
		args = append(args, "--retry", strconv.Itoa(*o.Retry))
	}
	if o.RetryDelay > 0 {
		args = append(args, "--retry-delay", o.RetryDelay.String())
	}
	return args
}

func pullFailed(ref, text string, err error) error {
	kind := errs.Unavailable
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		switch e.ExitCode() {
		case 65:
			kind = errs.Corrupt
		case 77:
			kind = errs.Denied
		case 1:
			kind = errs.NotFound
		}
	}
	if text == "" {
		return errs.New(kind, "pull %s: failed", ref)
	}
	return errs.New(kind, "%s", text)
}

// errorLine passes lines on but for the error that ends a Pouch command, so
// that a failure is told once.
type errorLine struct {
	prefix string
	out    io.Writer
	buf    bytes.Buffer
	last   string
}

func (e *errorLine) Write(p []byte) (int, error) {
	e.buf.Write(p)
	for {
		line, err := e.buf.ReadString('\n')
		if err != nil {
			e.buf.Reset()
			e.buf.WriteString(line)
			return len(p), nil //nolint:nilerr // the line goes on in the next call
		}
		if text, ok := strings.CutPrefix(line, e.prefix); ok {
			e.last = text
			continue
		}
		io.WriteString(e.out, line) //nolint:errcheck // progress: what cannot be shown is left out
	}
}

func (e *errorLine) text() string { return strings.TrimSpace(e.last) }
