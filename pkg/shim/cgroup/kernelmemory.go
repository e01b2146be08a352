package cgroup

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// LimitKernelMemory sets r's limit of kernel memory, which runtimes leave alone
// by now. Without one it does nothing. A kernel that does not have the limit, or
// takes it and forgets it (Linux 5.16 and newer), is errs.Unsupported.
func (g *Group) LimitKernelMemory(r *specs.LinuxResources) error {
	if r == nil || r.Memory == nil || r.Memory.Kernel == nil { //nolint:staticcheck // it is the schema's
		return nil
	}
	const file = "memory.kmem.limit_in_bytes"
	limit, dir := *r.Memory.Kernel, g.controller("memory") //nolint:staticcheck // as above
	none := errs.New(errs.Unsupported, "limit kernel memory: this kernel has no such limit (cgroup v1 before Linux 5.16 has)")
	if dir == "" {
		return none
	}
	err := write(dir, file, strconv.FormatInt(limit, 10))
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, errors.ErrUnsupported), err == nil && number(dir, file) > limit:
		return none
	case err != nil:
		return fmt.Errorf("limit kernel memory: %w", err)
	}
	return nil
}
