package image

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// settings is the part of an image's config that a container has a say in, with
// docker's keys beside those of the OCI image specification.
type settings struct {
	User         string              `json:"User,omitempty"`
	ExposedPorts map[string]struct{} `json:"ExposedPorts,omitempty"`
	Env          []string            `json:"Env,omitempty"`
	Entrypoint   []string            `json:"Entrypoint,omitempty"`
	Cmd          []string            `json:"Cmd,omitempty"`
	Volumes      map[string]struct{} `json:"Volumes,omitempty"`
	WorkingDir   string              `json:"WorkingDir,omitempty"`
	Labels       map[string]string   `json:"Labels,omitempty"`
	StopSignal   string              `json:"StopSignal,omitempty"`
	OnBuild      []string            `json:"OnBuild,omitempty"`
	Healthcheck  *healthcheck        `json:"Healthcheck,omitempty"`
}

// healthcheck is docker's; durations in nanoseconds.
type healthcheck struct {
	Test          []string      `json:"Test"`
	Interval      time.Duration `json:"Interval,omitempty"`
	Timeout       time.Duration `json:"Timeout,omitempty"`
	StartPeriod   time.Duration `json:"StartPeriod,omitempty"`
	StartInterval time.Duration `json:"StartInterval,omitempty"`
	Retries       int           `json:"Retries,omitempty"`
}

// commitConfig is the config of the image that is made of c: that of its image,
// base, with the container's own settings, o's changes and one layer more. What
// it does not know of base stays.
func commitConfig(c *record.Container, base []byte, layer digest.Digest, o CommitOpts, now time.Time) ([]byte, error) {
	var img map[string]json.RawMessage
	if err := json.Unmarshal(base, &img); err != nil {
		return nil, errs.New(errs.Corrupt, "image config: %w", err)
	}
	var old ocispec.Image
	if err := json.Unmarshal(base, &old); err != nil {
		return nil, errs.New(errs.Corrupt, "image config: %w", err)
	}
	set := settingsOf(c, old.Config, hasHealthcheck(img["config"]))
	for _, line := range o.Changes {
		if err := set.change(line); err != nil {
			return nil, errs.New(errs.Invalid, "--change %q: %w", line, err)
		}
	}
	merged, err := overlay(img["config"], set)
	if err != nil {
		return nil, err
	}
	for _, k := range []string{"container", "container_config", "parent", "id", "docker_version"} {
		delete(img, k)
	}
	history := append(old.History, ocispec.History{
		Created: &now, CreatedBy: strings.Join(c.Process.Args(), " "), Author: o.Author, Comment: o.Comment,
	})
	rootfs := ocispec.RootFS{Type: "layers", DiffIDs: append(slices.Clone(old.RootFS.DiffIDs), layer)}
	for k, v := range map[string]any{
		"config": merged, "created": now, "author": o.Author, "history": history, "rootfs": rootfs,
	} {
		if img[k], err = json.Marshal(v); err != nil {
			return nil, err
		}
	}
	if o.Author == "" {
		delete(img, "author")
	}
	return json.Marshal(img)
}

// hasHealthcheck reports whether an image's settings have a check.
func hasHealthcheck(config json.RawMessage) bool {
	var c struct{ Healthcheck *healthcheck }
	return json.Unmarshal(config, &c) == nil && c.Healthcheck != nil
}

// settingsOf are c's settings. What it exposes and where it wants volumes is
// added to its image's.
func settingsOf(c *record.Container, img ocispec.ImageConfig, checked bool) *settings {
	p := c.Process
	s := &settings{
		User: p.User, Env: p.Env, Entrypoint: p.Entrypoint, Cmd: p.Cmd, WorkingDir: p.Cwd, Labels: c.Labels, StopSignal: p.StopSignal,
		ExposedPorts: map[string]struct{}{}, Volumes: map[string]struct{}{},
	}
	for k := range img.ExposedPorts {
		s.ExposedPorts[k] = struct{}{}
	}
	for k := range img.Volumes {
		s.Volumes[k] = struct{}{}
	}
	for _, port := range c.Ports {
		s.ExposedPorts[fmt.Sprintf("%d/%s", port.ContainerPort, port.Protocol)] = struct{}{}
	}
	for _, mt := range c.Mounts {
		if mt.Type == "volume" && mt.Anonymous {
			s.Volumes[mt.Destination] = struct{}{}
		}
	}
	if h := c.Health; h != nil {
		s.Healthcheck = &healthcheck{
			Test: append([]string{"CMD"}, h.Test...), Interval: h.Interval, Timeout: h.Timeout,
			StartPeriod: h.StartPeriod, StartInterval: h.StartInterval, Retries: h.Retries,
		}
		if h.Shell {
			s.Healthcheck.Test[0] = "CMD-SHELL"
		}
	} else if checked {
		s.Healthcheck = &healthcheck{Test: []string{"NONE"}} // it was switched off
	}
	return s
}

// overlay puts set over an image's settings: keys that it does not know stay.
func overlay(config json.RawMessage, set *settings) (map[string]json.RawMessage, error) {
	out := map[string]json.RawMessage{}
	if len(config) > 0 {
		if err := json.Unmarshal(config, &out); err != nil {
			return nil, errs.New(errs.Corrupt, "image config: %w", err)
		}
	}
	if out == nil { // it was null
		out = map[string]json.RawMessage{}
	}
	for _, k := range []string{
		"User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal", "OnBuild", "Healthcheck",
		"Image", "Hostname", "Domainname", "ArgsEscaped",
	} {
		delete(out, k)
	}
	data, err := json.Marshal(set)
	if err != nil {
		return nil, err
	}
	return out, json.Unmarshal(data, &out)
}
