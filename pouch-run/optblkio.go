package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// blkioFlags are weights and rates of block devices; update can change all.
func blkioFlags() []cli.Flag {
	return []cli.Flag{
		text("blkio-weight", "`WEIGHT` against other containers on block devices, 10 to 1000"),
		list("blkio-weight-device", "weight on one device, `DEVICE:WEIGHT`"),
		list("device-read-bps", "limit of bytes a second read from a block device, `DEVICE:RATE` as /dev/sda:1mb"),
		list("device-write-bps", "limit of bytes a second written to a block device, `DEVICE:RATE`"),
		list("device-read-iops", "limit of operations a second that read from a block device, `DEVICE:NUMBER`"),
		list("device-write-iops", "limit of operations a second that write to a block device, `DEVICE:NUMBER`"),
	}
}

// readBlkio reads weights and rates of block devices.
func readBlkio(c *cli.Context, o *container.Options) error {
	return readBlkioLimits(c, &o.Host.Resources)
}

// readBlkioLimits reads blkioFlags that are given over r; a device's last value
// counts, and 0 is no limit.
func readBlkioLimits(c *cli.Context, r *record.Resources) error {
	device := func(flag string, to *[]record.DeviceRate, read func(string) (record.DeviceRate, error)) error {
		return each(c, flag, func(s string) error {
			d, err := read(s)
			*to = slices.DeleteFunc(*to, func(o record.DeviceRate) bool { return o.Path == d.Path })
			if d.Rate != 0 {
				*to = append(*to, d)
			}
			return err
		})
	}
	return firstError(
		set(c, "blkio-weight", &r.BlkioWeight, parse.BlkioWeight),
		device("blkio-weight-device", &r.BlkioWeightDevice, parse.WeightDevice),
		device("device-read-bps", &r.DeviceReadBps, parse.DeviceBps),
		device("device-write-bps", &r.DeviceWriteBps, parse.DeviceBps),
		device("device-read-iops", &r.DeviceReadIOps, parse.DeviceIOps),
		device("device-write-iops", &r.DeviceWriteIOps, parse.DeviceIOps),
	)
}
