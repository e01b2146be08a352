package parse

import (
	"path"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// Device reads one --device: host[:container][:permissions], permissions of r,
// w and m, all three where left out.
func Device(s string) (record.Device, error) {
	if err := checkText("device", s); err != nil {
		return record.Device{}, err
	}
	parts := strings.Split(s, ":")
	d := record.Device{HostPath: parts[0], ContainerPath: parts[0], Permissions: "rwm"}
	switch {
	case len(parts) > 3 || parts[0] == "":
		return record.Device{}, invalid("invalid device specification: %s: write it as host[:container][:rwm]", s)
	case len(parts) == 3:
		d.ContainerPath, d.Permissions = parts[1], parts[2]
	case len(parts) == 2 && deviceMode(parts[1]):
		d.Permissions = parts[1]
	case len(parts) == 2:
		d.ContainerPath = parts[1]
	}
	if !deviceMode(d.Permissions) {
		return record.Device{}, invalid("device %s: bad mode specified: %s", s, d.Permissions)
	}
	if !path.IsAbs(d.HostPath) {
		return record.Device{}, invalid("device %s: %s is not an absolute path", s, d.HostPath)
	}
	if !path.IsAbs(d.ContainerPath) {
		return record.Device{}, invalid("device %s: %s is not an absolute path", s, d.ContainerPath)
	}
	d.HostPath, d.ContainerPath = path.Clean(d.HostPath), path.Clean(d.ContainerPath)
	return d, nil
}

// deviceMode accepts r, w and m, each at most once.
func deviceMode(s string) bool {
	return s != "" && strings.Trim(s, "rwm") == "" &&
		strings.Count(s, "r") < 2 && strings.Count(s, "w") < 2 && strings.Count(s, "m") < 2
}
