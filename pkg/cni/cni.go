// Package cni runs chains of CNI plugins, and is one: the only user of the
// libraries of containernetworking/cni. Its terms are those of the CNI
// specification 1.1 (https://www.cni.dev/docs/spec/).
package cni

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/containernetworking/cni/libcni"
	"github.com/containernetworking/cni/pkg/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Timeout bounds one call of a chain.
const Timeout = 2 * time.Minute

// Runner runs the plugins of a network's configuration.
type Runner struct {
	Dirs  []string      // of the plugins
	Cache string        // folder of what ADD answered, which CHECK and DEL hand to the plugins
	Limit time.Duration // of one call; 0: Timeout
}

// Attachment is one interface that the plugins make, or have made.
type Attachment struct {
	ID           string          `json:"id"`
	Netns        string          `json:"netns"` // path; empty for DEL: it is gone
	Iface        string          `json:"interface"`
	Config       json.RawMessage `json:"config"` // a network configuration list
	Args         [][2]string     `json:"args,omitempty"`
	Capabilities map[string]any  `json:"capabilities,omitempty"`
}

// Add makes the attachment. When that fails, what the plugins have made is undone,
// as far as they do it. Kinds: invalid for the configuration, unavailable for a
// plugin that is missing or not done in time, internal and the plugin's own words
// for what it refuses.
func (r Runner) Add(ctx context.Context, a *Attachment) (*Result, error) {
	list, rt, err := load(a)
	if err == nil {
		err = r.present(list)
	}
	if err != nil {
		return nil, &untouched{err}
	}
	ctx, cancel := r.limited(ctx)
	defer cancel()
	lib := r.lib()
	got, err := lib.AddNetworkList(ctx, list, rt)
	if err == nil {
		var res *Result
		if res, err = newResult(got, a.Iface); err == nil {
			return res, nil
		}
	}
	undo, stop := r.limited(context.WithoutCancel(ctx))
	defer stop()
	return nil, errors.Join(explain("ADD", err), told("DEL after it", lib.DelNetworkList(undo, list, rt)))
}

// Del undoes the attachment; the namespace may be gone. Idempotent, as plugins are
// meant to be. Kinds as of Add.
func (r Runner) Del(ctx context.Context, a *Attachment) error {
	list, rt, err := load(a)
	if err != nil {
		return err
	}
	ctx, cancel := r.limited(ctx)
	defer cancel()
	if err := r.present(list); err != nil {
		return err
	}
	return explain("DEL", r.lib().DelNetworkList(ctx, list, rt))
}

// Check asks the plugins whether the attachment is as they made it. A chain that
// has no CHECK (before 0.4.0, or disableCheck) gives kind unsupported.
func (r Runner) Check(ctx context.Context, a *Attachment) error {
	list, rt, err := load(a)
	if err != nil {
		return err
	}
	if list.DisableCheck {
		return errs.New(errs.Unsupported, "the configuration says disableCheck")
	}
	ctx, cancel := r.limited(ctx)
	defer cancel()
	err = r.lib().CheckNetworkList(ctx, list, rt)
	if errors.Is(err, libcni.ErrorCheckNotSupp) {
		return errs.New(errs.Unsupported, "%w", err)
	}
	return explain("CHECK", err)
}

// Status asks the plugins whether they can do an ADD now; a chain before 1.1.0
// has no such question and is taken to be ready.
func (r Runner) Status(ctx context.Context, config []byte) error {
	list, _, err := load(&Attachment{Config: config})
	if err != nil {
		return err
	}
	ctx, cancel := r.limited(ctx)
	defer cancel()
	if err := r.present(list); err != nil {
		return err
	}
	return explain("STATUS", r.lib().GetStatusNetworkList(ctx, list))
}

// GC tells the plugins which attachments there are: they free what belongs to
// nobody (since 1.1.0, and unless the configuration says disableGC). Those of other
// runtimes that use the same configuration and keep libcni's usual cache are there,
// too. Nobody may Add or Del meanwhile. Idempotent.
func (r Runner) GC(ctx context.Context, config []byte, valid []Attachment) error {
	list, _, err := load(&Attachment{Config: config})
	if err != nil {
		return err
	}
	ctx, cancel := r.limited(ctx)
	defer cancel()
	there, err := others(list.Name)
	if err != nil {
		return err
	}
	args := &libcni.GCArgs{ValidAttachments: there}
	for _, a := range valid {
		args.ValidAttachments = append(args.ValidAttachments, types.GCAttachment{ContainerID: a.ID, IfName: a.Iface})
	}
	return explain("GC", r.lib().GCNetworkList(ctx, list, args))
}

// others are what other runtimes of this host have attached to a network, by
// libcni's usual cache.
func others(network string) ([]types.GCAttachment, error) {
	all, err := libcni.NewCNIConfig(nil, nil).GetCachedAttachments("")
	if err != nil {
		return nil, fmt.Errorf("look for other runtimes: %w", err)
	}
	out := []types.GCAttachment{}
	for _, a := range all {
		if a.Network == network {
			out = append(out, types.GCAttachment{ContainerID: a.ContainerID, IfName: a.IfName})
		}
	}
	return out, nil
}

// untouched is a failure before anything was made.
type untouched struct{ error }

func (u *untouched) Unwrap() error { return u.error }

// Untouched reports whether Add failed before it ran a plugin, so that there is
// nothing to undo.
func Untouched(err error) bool {
	_, is := errors.AsType[*untouched](err)
	return is
}

func (r Runner) lib() *libcni.CNIConfig {
	return libcni.NewCNIConfigWithCacheDir(r.Dirs, r.Cache, &executor{})
}

func (r Runner) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := r.Limit
	if limit == 0 {
		limit = Timeout
	}
	return context.WithTimeout(ctx, limit)
}

func load(a *Attachment) (*libcni.NetworkConfigList, *libcni.RuntimeConf, error) {
	list, err := libcni.NetworkConfFromBytes(a.Config)
	if err != nil {
		return nil, nil, errs.New(errs.Invalid, "%w", err)
	}
	return list, &libcni.RuntimeConf{ContainerID: a.ID, NetNS: a.Netns, IfName: a.Iface, Args: a.Args, CapabilityArgs: a.Capabilities}, nil
}

// present tells a plugin that is missing, before anything is made, and where it
// could come from.
func (r Runner) present(list *libcni.NetworkConfigList) error {
	for _, p := range list.Plugins {
		if _, err := (&executor{}).FindInPath(p.Network.Type, r.Dirs); err != nil {
			return errs.New(errs.Unavailable, "the CNI plugin %q of network %s is not in %s: install it (Debian: containernetworking-plugins), or name its folder in CNI_PATH",
				p.Network.Type, list.Name, strings.Join(r.Dirs, ", "))
		}
	}
	return nil
}

func explain(verb string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errs.New(errs.Unavailable, "CNI %s: a plugin was not done in time and was killed", verb)
	}
	return told(verb, err)
}

func told(verb string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("CNI %s: %w", verb, err)
}
