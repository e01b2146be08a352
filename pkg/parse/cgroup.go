package parse

import (
	"strconv"
	"strings"
)

// Swappiness reads --memory-swappiness, 0 to 100; nil for -1, the kernel's own.
func Swappiness(s string) (*int64, error) {
	if s == "-1" {
		return nil, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > 100 {
		return nil, invalid("Invalid value: %s, valid memory swappiness range is 0-100", s)
	}
	return &n, nil
}

// KernelMemory reads --kernel-memory: a Size that is 0 (no limit) or at least
// 4 MiB.
func KernelMemory(s string) (int64, error) {
	n, err := Size(s)
	if err == nil && n != 0 && n < 4<<20 {
		err = invalid("Minimum kernel memory limit allowed is 4MB")
	}
	return n, err
}

// CgroupConf reads one --cgroup-conf FILE=VALUE: a file of a controller of
// cgroup v2, as memory.high=1G. The files of the group itself (cgroup.procs,
// cgroup.freeze …) are the supervisor's, but for the bounds of what is below.
func CgroupConf(s string) (key, value string, err error) {
	key, value, ok := strings.Cut(s, "=")
	controller, file, dotted := strings.Cut(key, ".")
	switch {
	case !ok || !dotted || controller == "" || file == "" || strings.Contains(file, "..") || strings.ContainsFunc(key, notName):
		return "", "", invalid("invalid cgroup setting '%s': write it as FILE=VALUE, such as memory.high=1073741824", s)
	case controller == "cgroup" && !strings.HasPrefix(file, "max."):
		return "", "", invalid("cgroup setting '%s': %s is not a container's to set", s, key)
	case strings.ContainsRune(value, 0):
		return "", "", invalid("cgroup setting of %s has a zero byte", key)
	}
	return key, value, nil
}

// L3Schema reads --intel-rdt-l3-cbm, the line of resctrl's schemata for the
// third cache: [L3:]CACHE=MASK[;CACHE=MASK…], masks in hexadecimal (resctrl.rst).
// It comes back with L3:.
func L3Schema(s string) (string, error) {
	bad := invalid("invalid L3 schema '%s': write it as L3:0=ff;1=f, a mask of cache ways for each cache", s)
	for part := range strings.SplitSeq(strings.TrimPrefix(s, "L3:"), ";") {
		cache, mask, ok := strings.Cut(part, "=")
		if _, err := strconv.ParseUint(cache, 10, 16); !ok || err != nil {
			return "", bad
		}
		if n, err := strconv.ParseUint(strings.TrimPrefix(mask, "0x"), 16, 32); err != nil || n == 0 {
			return "", bad
		}
	}
	return "L3:" + strings.TrimPrefix(s, "L3:"), nil
}

// RdtClass reads --rdt-class, the name of a group of resctrl: a folder of
// /sys/fs/resctrl that is not one of the kernel's own.
func RdtClass(s string) (string, error) {
	switch s {
	case ".", "..", "info", "mon_data", "mon_groups":
		return "", invalid("invalid RDT class '%s'", s)
	}
	if s == "" || len(s) > 255 || strings.ContainsAny(s, "/\n\x00") {
		return "", invalid("invalid RDT class '%s': it is the name of a group in /sys/fs/resctrl", s)
	}
	return s, nil
}
