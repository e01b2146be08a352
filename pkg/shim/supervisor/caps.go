package supervisor

import (
	"strings"

	"github.com/moby/sys/capability"
)

// allCapabilities names every capability that this kernel has.
func allCapabilities() ([]string, error) {
	known, err := capability.ListSupported()
	if err != nil {
		return nil, err
	}
	out := make([]string, len(known))
	for i, c := range known {
		out[i] = "CAP_" + strings.ToUpper(c.String())
	}
	return out, nil
}
