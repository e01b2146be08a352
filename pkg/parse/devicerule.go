package parse

import (
	"strconv"
	"strings"
)

// DeviceRule reads one --device-cgroup-rule, "TYPE MAJOR:MINOR ACCESS": type a,
// b or c, numbers or *, access of r, w and m (devices.rst of cgroup v1).
func DeviceRule(s string) (string, error) {
	f := strings.Split(s, " ")
	if len(f) == 3 && len(f[0]) == 1 && strings.Contains("abc", f[0]) && deviceMode(f[2]) {
		major, minor, ok := strings.Cut(f[1], ":")
		if ok && deviceNumber(major) && deviceNumber(minor) {
			return s, nil
		}
	}
	return "", invalid("invalid device cgroup format '%s': write it as 'TYPE MAJOR:MINOR ACCESS', such as 'c 10:200 rw'", s)
}

// deviceNumber accepts what a dev_t can hold, or *.
func deviceNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 31)
	return s == "*" || err == nil
}
