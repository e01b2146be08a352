package spec

import (
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// The limit of open files that a container has unless told otherwise: a low soft
// limit, for programs that loop over all descriptors or use select(2), and a
// hard limit high enough to raise it.
const (
	nofileSoft = 1024
	nofileHard = 524288
)

// rlimits are those asked for, and nofile if it is not among them: clamped to
// ownHard (0: not known), so that it never fails. Sorted by name.
func rlimits(asked []record.Rlimit, ownHard uint64) []specs.POSIXRlimit {
	byType := make(map[string]specs.POSIXRlimit, len(asked)+1)
	hard := uint64(nofileHard)
	if ownHard != 0 {
		hard = min(hard, ownHard)
	}
	byType["RLIMIT_NOFILE"] = specs.POSIXRlimit{Type: "RLIMIT_NOFILE", Soft: min(nofileSoft, hard), Hard: hard}
	for _, r := range asked {
		byType[r.Type] = specs.POSIXRlimit{Type: r.Type, Soft: r.Soft, Hard: r.Hard}
	}
	out := make([]specs.POSIXRlimit, 0, len(byType))
	for _, r := range byType {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b specs.POSIXRlimit) int { return strings.Compare(a.Type, b.Type) })
	return out
}
