package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

const (
	mimeType  = "application/vnd.docker.plugins.v1.2+json"
	maxAnswer = 4 << 20

	// CallTimeout bounds a call whose context has no deadline.
	CallTimeout = 2 * time.Minute
	// connectFor is how long a plugin that is just starting is waited for.
	connectFor = 3 * time.Second
)

// Call posts in (nil: an empty body) to METHOD, as VolumeDriver.Create, and
// reads the answer into out (nil: it does not matter). It fails with kind
// unavailable when the plugin is not reached or not done in time, with unsupported when it does not
// know the method, and with internal and the plugin's own words when it says no.
func (p *Plugin) Call(ctx context.Context, method string, in, out any) error {
	err := p.call(ctx, method, in, out)
	if err != nil {
		return fmt.Errorf("plugin %s: %s: %w", p.Name, method, err)
	}
	return nil
}

func (p *Plugin) call(ctx context.Context, method string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	resp, err := p.post(ctx, method, body)
	if err != nil {
		return errs.New(errs.Unavailable, "%w: is the plugin running?", err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return errs.New(errs.Unavailable, "read the answer: %w", err)
	}
	if len(data) > maxAnswer {
		return errs.New(errs.Corrupt, "the answer has more than %d bytes", maxAnswer)
	}
	return answered(resp.StatusCode, data, out)
}

// post sends the request; while nobody listens, again for a moment.
func (p *Plugin) post(ctx context.Context, method string, body []byte) (*http.Response, error) {
	end := time.Now().Add(connectFor)
	for pause := 10 * time.Millisecond; ; pause *= 2 {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+method, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Accept", mimeType)
		req.Header.Set("Content-Type", "application/json")
		resp, err := p.client.Do(req)
		if err == nil || !nobodyListens(err) || time.Now().Add(pause).After(end) {
			return resp, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(pause):
		}
	}
}

// nobodyListens reports whether a request has reached nobody, so that it can be
// sent again without being done twice.
func nobodyListens(err error) bool {
	return errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.ENOENT)
}

// answered turns the plugin's answer into out or an error. Plugins put their
// words into Err, with status 200 or 500.
func answered(status int, data []byte, out any) error {
	var failed struct{ Err string }
	perr := json.Unmarshal(data, &failed)
	switch {
	case perr == nil && failed.Err != "":
		return errors.New(failed.Err)
	case status == http.StatusNotFound:
		return errs.New(errs.Unsupported, "the plugin does not know it")
	case status != http.StatusOK:
		return fmt.Errorf("status %d: %s", status, strings.TrimSpace(firstLine(data)))
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return errs.New(errs.Corrupt, "the answer is not what it should be: %w", err)
	}
	return nil
}

func firstLine(data []byte) string {
	line, _, _ := strings.Cut(string(data[:min(len(data), 300)]), "\n")
	return line
}
