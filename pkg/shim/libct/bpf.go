//go:build pouch_bpf && seccomp

package libct

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/opencontainers/runc/libcontainer/configs"
	"github.com/opencontainers/runc/libcontainer/seccomp"

	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// maxFilter bounds a compiled filter: BPF_MAXINSNS instructions of 8 bytes, in
// base64.
const maxFilter = 64 << 10

// precompile puts the compiled filter into c, from the folder cache or, the
// first time in a boot, by compiling it there: see pouch-shim/runc-patch. A
// profile that notifies is left alone. cache empty: nothing is kept, so nothing
// is done.
func precompile(c *configs.Seccomp, cache string) error {
	if c == nil || cache == "" || c.ListenerPath != "" || c.ListenerMetadata != "" || notifies(c) {
		return nil
	}
	key, err := filterKey(c)
	if err != nil {
		return err
	}
	path := filepath.Join(cache, key)
	if text, err := fsx.ReadAtMost(path, maxFilter); err == nil && len(text) > 0 {
		c.ListenerMetadata = string(text)
		return nil
	}
	text, err := seccomp.Compile(c)
	if err != nil {
		return fmt.Errorf("compile the seccomp filter: %w", err)
	}
	c.ListenerMetadata = text
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return err
	}
	return fsx.WriteVolatile(path, []byte(text), 0o600)
}

func notifies(c *configs.Seccomp) bool {
	if c.DefaultAction == configs.Notify {
		return true
	}
	for _, s := range c.Syscalls {
		if s.Action == configs.Notify {
			return true
		}
	}
	return false
}
