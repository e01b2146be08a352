package parse

import (
	"path"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// BlkioWeight reads --blkio-weight: 10 to 1000, or 0 for none.
func BlkioWeight(s string) (uint16, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n != 0 && (n < 10 || n > 1000) {
		return 0, invalid("Range of blkio weight is from 10 to 1000")
	}
	return uint16(n), nil
}

// WeightDevice reads one --blkio-weight-device, DEVICE:WEIGHT, of the same
// range.
func WeightDevice(s string) (record.DeviceRate, error) {
	dev, text, err := deviceValue(s)
	if err != nil {
		return dev, err
	}
	n, err := BlkioWeight(text)
	if err != nil {
		return dev, invalid("invalid weight for device: %s: it is from 10 to 1000", s)
	}
	dev.Rate = uint64(n)
	return dev, nil
}

// DeviceBps reads one --device-read-bps or --device-write-bps, DEVICE:RATE: a
// Size a second.
func DeviceBps(s string) (record.DeviceRate, error) {
	dev, text, err := deviceValue(s)
	if err != nil {
		return dev, err
	}
	n, err := Size(text)
	if err != nil {
		return dev, invalid("invalid rate for device: %s: write it as DEVICE:NUMBER[UNIT], a unit being kb, mb or gb", s)
	}
	dev.Rate = uint64(n)
	return dev, nil
}

// DeviceIOps reads one --device-read-iops or --device-write-iops, DEVICE:NUMBER:
// operations a second.
func DeviceIOps(s string) (record.DeviceRate, error) {
	dev, text, err := deviceValue(s)
	if err != nil {
		return dev, err
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return dev, invalid("invalid rate for device: %s: write it as DEVICE:NUMBER", s)
	}
	dev.Rate = n
	return dev, nil
}

// deviceValue takes the value off the end: a device's path may have colons.
func deviceValue(s string) (record.DeviceRate, string, error) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return record.DeviceRate{}, "", invalid("bad format: %s: write it as DEVICE:VALUE", s)
	}
	dev := s[:i]
	if !strings.HasPrefix(path.Clean(dev), "/dev/") || checkText("device", dev) != nil {
		return record.DeviceRate{}, "", invalid("bad format for device path: %s", s)
	}
	return record.DeviceRate{Path: path.Clean(dev)}, s[i+1:], nil
}
