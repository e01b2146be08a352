// Package hostfacts reads from the kernel what spec.Build needs to know of the
// host. It changes nothing.
package hostfacts

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

// Read returns what this host can do and has for container c. Paths and
// CgroupParent are left for the caller. A device that is asked for and is not
// there is of kind not_found. Nothing is kept: each call asks the kernel.
func Read(c *record.Container) (spec.Host, error) {
	h := spec.Host{
		CgroupV2:         unified(),
		RecursiveRO:      kernelAtLeast(5, 12),
		NofileHard:       nofileHard(),
		Capabilities:     Capabilities(),
		Seccomp:          seccompFilters(),
		AppArmor:         appArmor(),
		SystemdHierarchy: systemdHierarchy(),
		SELinux:          seLinux(),
		MaskedPaths:      throttlePaths("/sys/devices/system/cpu"),
	}
	h.SwapLimit = swapLimit(h.CgroupV2)
	var err error
	if h.Hostname, err = os.Hostname(); err != nil {
		return spec.Host{}, errs.New(errs.Internal, "read the host's name: %w", err)
	}
	if err := blocks(&h, c.Host.Resources); err != nil {
		return spec.Host{}, err
	}
	if c.Host.Lxcfs {
		h.Processors = Processors()
	}
	h.BlockVolumes = blockVolumes(c.Mounts)
	h.Devices, err = devices(c.Host)
	return h, err
}

// unified reports whether /sys/fs/cgroup is cgroup version 2: cgroups(7).
func unified() bool {
	var st unix.Statfs_t
	return unix.Statfs("/sys/fs/cgroup", &st) == nil && st.Type == unix.CGROUP2_SUPER_MAGIC
}

// systemdHierarchy reports whether cgroup v1 has the one without a controller that
// systemd keeps its units in.
func systemdHierarchy() bool {
	var st unix.Statfs_t
	return unix.Statfs("/sys/fs/cgroup/systemd", &st) == nil && st.Type == unix.CGROUP_SUPER_MAGIC
}

// swapLimit reports whether swap can be limited: on version 1 only when the
// kernel was built and started so. On version 2 the root has no such file, so
// the kernel is asked whether it has swap accounting at all.
func swapLimit(v2 bool) bool {
	file := "/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes"
	if v2 {
		file = "/proc/swaps" // CONFIG_SWAP; its accounting is always on there since Linux 5.19
	}
	_, err := os.Stat(file)
	return err == nil
}

// kernelAtLeast compares with uname(2)'s release; false when it has no number.
func kernelAtLeast(major, minor int) bool {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return false
	}
	a, rest, _ := strings.Cut(unix.ByteSliceToString(u.Release[:]), ".")
	b := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	x, err1 := strconv.Atoi(a)
	y, err2 := strconv.Atoi(b)
	return err1 == nil && err2 == nil && (x > major || x == major && y >= minor)
}

func nofileHard() uint64 {
	var r unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &r) != nil {
		return 0
	}
	return r.Max
}

// seccompFilters reports whether the kernel takes them: seccomp(2). A null
// program is refused with EFAULT by one that does.
func seccompFilters() bool {
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, 0, 0, 0) == unix.EFAULT
}

// Capabilities returns the names, with CAP_, of those in this process' bounding
// set, in the kernel's order: capabilities(7), PR_CAPBSET_READ.
func Capabilities() []string {
	var out []string
	for i, name := range spec.KnownCapabilities() {
		if r, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, uintptr(i), 0, 0, 0); err == nil && r == 1 {
			out = append(out, name)
		}
	}
	return out
}

// throttlePaths are those below dir that tell the host's heat, one a processor.
func throttlePaths(dir string) []string {
	// All processors have it or none: the first decides for the rest.
	if _, err := os.Stat(dir + "/cpu0/thermal_throttle"); err != nil {
		return nil
	}
	var out []string
	for _, n := range processors(dir + "/possible") {
		p := dir + "/cpu" + strconv.Itoa(n) + "/thermal_throttle"
		if _, err := os.Stat(p); err == nil {
			out = append(out, p)
		}
	}
	return out
}

// Processors are those that this process, and so what it starts, may run on.
func Processors() []int {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return nil
	}
	var out []int
	for i := range len(set) * 64 {
		if set.IsSet(i) {
			out = append(out, i)
		}
	}
	return out
}

// processors reads a file with a list of them.
func processors(file string) []int {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	return spec.Numbers(strings.TrimSpace(string(text)))
}
