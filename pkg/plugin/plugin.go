// Package plugin finds the plugins that docker's daemon would find, and calls
// them: JSON over HTTP over a unix or TCP socket (docs.docker.com, "Docker plugin
// API"). What a plugin implements, volumes or networks, is its caller's matter.
package plugin

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Plugin is one that was found. Nothing is connected before the first call.
type Plugin struct {
	Name string
	Addr string // unix:///path, tcp://host:port, http:// or https://

	base   string // of every URL
	client *http.Client
}

// The kinds of plugin that Activate may tell.
const (
	VolumeDriver  = "VolumeDriver"
	NetworkDriver = "NetworkDriver"
	IpamDriver    = "IpamDriver"
)

// Activate asks the plugin what it implements: the handshake. It fails with the
// kinds of Call. Idempotent.
func (p *Plugin) Activate(ctx context.Context) (implements []string, err error) {
	var answer struct{ Implements []string }
	if err := p.Call(ctx, "Plugin.Activate", nil, &answer); err != nil {
		return nil, err
	}
	return answer.Implements, nil
}

// Require fails with kind unsupported unless the plugin implements kind, and
// with the kinds of Call when it does not answer.
func (p *Plugin) Require(ctx context.Context, kind string) error {
	list, err := p.Activate(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(list, kind) {
		return errs.New(errs.Unsupported, "plugin %s is no %s: it implements %s", p.Name, kind, strings.Join(list, ", "))
	}
	return nil
}
