package plugin

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// DirsEnv names folders to look for plugins in, instead of docker's, separated by
// colons.
const DirsEnv = "POUCH_PLUGIN_DIRS"

// maxSpec bounds a file that describes a plugin.
const maxSpec = 64 << 10

// Dirs are the folders that plugins are looked for in.
func Dirs() []string {
	if list := os.Getenv(DirsEnv); list != "" {
		return filepath.SplitList(list)
	}
	return []string{"/run/docker/plugins", "/etc/docker/plugins", "/usr/lib/docker/plugins"}
}

// Find returns the plugin of that name: a socket NAME.sock, a file NAME.spec
// with its address, or NAME.json with Addr and TLSConfig; in each folder of Dirs
// or in a folder NAME below it, sockets first. It fails with kind invalid for what cannot be a name,
// with not_found when there is none, and with corrupt for a file that says nothing.
func Find(name string) (*Plugin, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	for _, kind := range kinds() {
		for _, dir := range Dirs() {
			for _, path := range []string{filepath.Join(dir, name+kind.ext), filepath.Join(dir, name, name+kind.ext)} {
				p, err := kind.open(name, path)
				if errors.Is(err, fs.ErrNotExist) {
					continue
				}
				return p, err
			}
		}
	}
	return nil, errs.New(errs.NotFound, "no plugin %s: looked for %s.sock, .spec and .json in %s", name, name, strings.Join(Dirs(), ", "))
}

// checkName keeps what is no plain name out of paths. A name with a slash is a
// managed plugin's, which lives in docker's daemon.
func checkName(name string) error {
	if regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`).MatchString(name) {
		return nil
	}
	if strings.Contains(name, "/") {
		return errs.New(errs.Invalid, "plugin %q: plugins that `docker plugin install` manages belong to docker's daemon: run the plugin with its socket in %s", name, Dirs()[0])
	}
	return errs.New(errs.Invalid, "plugin %q: invalid name", name)
}

// kind is a sort of file that tells a plugin.
type kind struct {
	ext  string
	open func(name, path string) (*Plugin, error)
}

func kinds() []kind {
	return []kind{{".sock", ofSocket}, {".spec", ofSpec}, {".json", ofJSON}}
}

// List returns the names of the plugins that Find finds, sorted. Folders that
// are not there are fine.
func List() ([]string, error) {
	var out []string
	for _, dir := range Dirs() {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			if name := named(dir, e); name != "" {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// named is the name of the plugin that an entry of a folder of plugins tells.
func named(dir string, e fs.DirEntry) string {
	for _, k := range kinds() {
		name := strings.TrimSuffix(e.Name(), k.ext)
		if e.IsDir() {
			if _, err := os.Stat(filepath.Join(dir, name, name+k.ext)); err != nil {
				continue
			}
		} else if name == e.Name() {
			continue
		}
		if checkName(name) == nil {
			return name
		}
	}
	return ""
}

func ofSocket(name, path string) (*Plugin, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if st.Mode().Type() != fs.ModeSocket {
		return nil, errs.New(errs.Corrupt, "plugin %s: %s is no socket", name, path)
	}
	return newPlugin(name, "unix://"+path, nil)
}

func ofSpec(name, path string) (*Plugin, error) {
	data, err := fsx.ReadAtMost(path, maxSpec)
	if err != nil {
		return nil, err
	}
	p, err := newPlugin(name, strings.TrimSpace(string(data)), nil)
	return p, damaged(path, err)
}

func ofJSON(name, path string) (*Plugin, error) {
	data, err := fsx.ReadAtMost(path, maxSpec)
	if err != nil {
		return nil, err
	}
	var file struct {
		Name      string
		Addr      string
		TLSConfig *tlsFiles
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, damaged(path, err)
	}
	p, err := newPlugin(name, file.Addr, file.TLSConfig)
	return p, damaged(path, err)
}

func damaged(path string, err error) error {
	if err == nil {
		return nil
	}
	return errs.New(errs.Corrupt, "%s: %w", path, err)
}
