package cdi

import (
	"os"
	"path/filepath"
	"strings"

	"tags.cncf.io/container-device-interface/pkg/cdi"
)

// withNull names the first file in dirs that the library panics upon, as it does where null
// stands for a node or a mount; where that is none of them alone, the folders.
func withNull(dirs []string) string {
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // the library tells
		}
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			if ext := filepath.Ext(path); (ext == ".yaml" || ext == ".json") && !e.IsDir() && panics(path) {
				return path
			}
		}
	}
	return "one in " + strings.Join(dirs, ", ")
}

// panics reports whether the library panics upon a file, whatever else is said of it.
func panics(path string) (does bool) {
	defer func() { does = recover() != nil }()
	cdi.ReadSpec(path, 0) //nolint:errcheck // told by who uses it
	return false
}
