package csi

import (
	"encoding/json"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// maxSecret bounds a file of secrets.
const maxSecret = 1 << 20

// secrets reads a file of secrets, a JSON object or lines KEY=VALUE, each time
// that a call needs them: they are kept nowhere. Only its owner may be able to
// read it, and that must be this user or root. No error holds any of it.
func secrets(path string) (map[string]string, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, errs.New(errs.NotFound, "option secret: %w", err)
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return nil, err
	}
	if st.Mode&0o077 != 0 || st.Uid != 0 && int(st.Uid) != os.Geteuid() {
		return nil, errs.New(errs.Denied, "option secret: others can read %s: chmod 600 it", path)
	}
	data, err := fsx.ReadFileAtMost(f, maxSecret)
	if err != nil {
		return nil, errs.New(errs.Invalid, "option secret: %w", err)
	}
	return parseSecrets(path, data)
}

func parseSecrets(path string, data []byte) (map[string]string, error) {
	out := map[string]string{}
	if strings.HasPrefix(strings.TrimSpace(string(data)), "{") {
		if json.Unmarshal(data, &out) != nil {
			return nil, errs.New(errs.Invalid, "option secret: %s is no JSON object of strings", path)
		}
		return out, nil
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		k, v, ok := strings.Cut(line, "=")
		if !ok || k == "" {
			return nil, errs.New(errs.Invalid, "option secret: line %d of %s is not KEY=VALUE", n, path)
		}
		out[k] = v
	}
	return out, nil
}
