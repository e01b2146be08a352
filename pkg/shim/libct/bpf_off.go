//go:build !pouch_bpf || !seccomp

package libct

import "github.com/opencontainers/runc/libcontainer/configs"

// precompile does nothing: this build's libcontainer compiles in init.
func precompile(*configs.Seccomp, string) error { return nil }
