package registry

import "go.podman.io/image/v5/types"

// Platform reads os/arch[/variant], as Options.Platform; empty gives empty words.
// Kinds: invalid, and unsupported for what is not linux.
func Platform(s string) (arch, variant string, err error) {
	var sys types.SystemContext
	err = Options{Platform: s}.platform(&sys)
	return sys.ArchitectureChoice, sys.VariantChoice, err
}
