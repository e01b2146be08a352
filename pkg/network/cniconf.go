package network

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// cniPrefix begins the name of a network that a CNI configuration makes.
const cniPrefix = "cni:"

// cniDriverName is the driver of those networks.
const cniDriverName = "cni"

// maxConf bounds a CNI configuration file.
const maxConf = 1 << 20

// confDirs are where CNI configurations are looked for, nerdctl's variable first.
func confDirs() []string { return dirsOf("NETCONFPATH", "/etc/cni/net.d") }

// pluginDirs are where CNI plugins are looked for.
func pluginDirs() []string {
	return dirsOf("CNI_PATH", "/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni")
}

func dirsOf(variable string, usual ...string) []string {
	if list := os.Getenv(variable); list != "" {
		return filepath.SplitList(list)
	}
	return usual
}

// conf is a CNI network configuration list, as far as Pouch reads it.
type conf struct {
	Name    string            `json:"name"`
	Version string            `json:"cniVersion"`
	Inlined bool              `json:"loadOnlyInlinedPlugins"`
	Plugins []json.RawMessage `json:"plugins"`
	Type    string            `json:"type"` // of a single plugin's configuration

	path string
	list json.RawMessage // whole, with all plugins inside
}

type confPlugin struct {
	Type         string          `json:"type"`
	Capabilities map[string]bool `json:"capabilities"`
}

// findConf returns the configuration of the network name: the first in the order
// of libcni, by file name. Kind not_found, or corrupt for one that cannot be read.
func findConf(name string) (*conf, error) {
	all, broken := confs()
	for _, c := range all {
		if c.Name == name {
			return c, nil
		}
	}
	if broken != nil {
		return nil, errs.New(errs.NotFound, "no CNI network %s in %s (%w)", name, strings.Join(confDirs(), ", "), broken)
	}
	return nil, errs.New(errs.NotFound, "no CNI network %s in %s", name, strings.Join(confDirs(), ", "))
}

// confs are all configurations; those that cannot be read are told in the error.
func confs() (all []*conf, err error) {
	for _, dir := range confDirs() {
		entries, derr := os.ReadDir(dir) // sorted
		if derr != nil && !errors.Is(derr, fs.ErrNotExist) {
			err = errors.Join(err, derr)
		}
		for _, e := range entries {
			if e.IsDir() || !slices.Contains([]string{".conflist", ".conf", ".json"}, filepath.Ext(e.Name())) {
				continue
			}
			c, cerr := readConf(filepath.Join(dir, e.Name()))
			if cerr != nil {
				err = errors.Join(err, errs.New(errs.Corrupt, "%s: %w", filepath.Join(dir, e.Name()), cerr))
				continue
			}
			all = append(all, c)
		}
	}
	return all, err
}

// readConf reads one file, and the plugins in the folder beside it that has the
// network's name (CNI 1.1).
func readConf(path string) (*conf, error) {
	raw, err := fsx.ReadAtMost(path, maxConf)
	if err != nil {
		return nil, err
	}
	c := &conf{path: path}
	whole := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, c); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &whole); err != nil {
		return nil, err
	}
	if err := spelled(whole); err != nil {
		return nil, err
	}
	if c.Name == "" || c.Name == "." || c.Name == ".." || strings.ContainsAny(c.Name, "/\x00") {
		return nil, errs.New(errs.Corrupt, "the network has no name")
	}
	switch {
	case c.Type != "" && len(c.Plugins) == 0: // before there were lists
		c.Plugins = []json.RawMessage{raw}
		whole = map[string]json.RawMessage{"name": whole["name"], "cniVersion": whole["cniVersion"]}
		if c.Version == "" {
			delete(whole, "cniVersion")
		}
	case !c.Inlined:
		if err := c.beside(filepath.Join(filepath.Dir(path), c.Name)); err != nil {
			return nil, err
		}
	}
	if len(c.Plugins) == 0 {
		return nil, errs.New(errs.Corrupt, "network %s has no plugins", c.Name)
	}
	if whole["plugins"], err = json.Marshal(c.Plugins); err != nil {
		return nil, err
	}
	c.list, err = json.Marshal(whole)
	return c, err
}

// spelled refuses a member that differs from one that Pouch reads in the case of its
// letters: here it would count, for the plugins it would not.
func spelled(members map[string]json.RawMessage) error {
	for key := range members {
		for _, is := range []string{"name", "cniVersion", "loadOnlyInlinedPlugins", "plugins", "type"} {
			if key != is && strings.EqualFold(key, is) {
				return errs.New(errs.Corrupt, "it says %q, which has to be %q", key, is)
			}
		}
	}
	return nil
}

// beside adds the plugins of a folder.
func (c *conf) beside(dir string) error {
	entries, err := os.ReadDir(dir) // sorted
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ENOTDIR) {
		return err
	}
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".conf" {
			continue
		}
		raw, err := fsx.ReadAtMost(filepath.Join(dir, e.Name()), maxConf)
		if err != nil {
			return err
		}
		c.Plugins = append(c.Plugins, raw)
	}
	return nil
}

// can reports whether a plugin of the list has a capability.
func (c *conf) can(capability string) bool {
	for _, raw := range c.Plugins {
		var p confPlugin
		if json.Unmarshal(raw, &p) == nil && p.Capabilities[capability] {
			return true
		}
	}
	return false
}

// cniNetwork is the network that cni:NAME names, as a record. What it is stands in
// the configuration alone.
func (m *Manager) cniNetwork(target string) (*record.Network, error) {
	c, err := findConf(strings.TrimPrefix(target, cniPrefix))
	if err != nil {
		return nil, err
	}
	return c.network(), nil
}

func (c *conf) network() *record.Network {
	n := &record.Network{
		ID: digest(cniPrefix + c.Name), Name: cniPrefix + c.Name, Driver: cniDriverName,
		Options: map[string]string{"conf": c.path, "cniVersion": c.Version, "plugins": strings.Join(c.types(), ",")},
	}
	if st, err := os.Stat(c.path); err == nil {
		n.Created = st.ModTime().UTC().Truncate(time.Second)
	}
	return n
}

func (c *conf) types() []string {
	var out []string
	for _, raw := range c.Plugins {
		var p confPlugin
		if json.Unmarshal(raw, &p) == nil {
			out = append(out, p.Type)
		}
	}
	return out
}

// CNI returns the networks that CNI configurations make, sorted by name. Files that
// cannot be read are left out and told in the error, beside the others.
func (m *Manager) CNI() ([]*record.Network, error) {
	all, err := confs()
	var out []*record.Network
	for _, c := range all {
		if !slices.ContainsFunc(out, func(n *record.Network) bool { return n.Name == cniPrefix+c.Name }) {
			out = append(out, c.network())
		}
	}
	slices.SortFunc(out, func(a, b *record.Network) int { return strings.Compare(a.Name, b.Name) })
	return out, err
}
