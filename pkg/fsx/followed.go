package fsx

import "path/filepath"

// Followed is the file that a path of the host leads to, whose links are trusted; a
// path that leads nowhere is returned as it is.
func Followed(path string) string {
	if p, err := filepath.EvalSymlinks(path); err == nil {
		return p
	}
	return path
}
