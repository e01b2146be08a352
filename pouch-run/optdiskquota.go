package main

import (
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// diskQuotaFlags limit disk space: PouchContainer's two, and docker's.
func diskQuotaFlags() []cli.Flag {
	return []cli.Flag{
		list("disk-quota", "limit of disk space, `[PATH=]SIZE`: of root and volumes together, of a PATH (/ is the root), of some (/&/data), of each that a pattern matches (.*)"),
		text("quota-id", "`NUMBER` of the project that is limited, from 16777216 on; -1: a new one for all that --disk-quota limits"),
		list("storage-opt", "`size=SIZE`: as --disk-quota /=SIZE"),
	}
}

func readDiskQuota(c *cli.Context, o *container.Options) (err error) {
	if o.DiskQuotas, err = parse.DiskQuotas(c.StringSlice("disk-quota")); err != nil {
		return err
	}
	var opts []record.DiskQuota
	if err := collect(c, "storage-opt", &opts, parse.StorageOpt); err != nil {
		return err
	}
	if o.DiskQuotas, err = parse.Together(o.DiskQuotas, opts); err != nil {
		return err
	}
	return set(c, "quota-id", &o.QuotaID, parse.QuotaID)
}

// changeDiskQuota reads what of that update has, where 0 lifts all limits.
func changeDiskQuota(c *cli.Context, ch *container.Change) (err error) {
	if list := c.StringSlice("disk-quota"); len(list) == 1 && list[0] == "0" {
		ch.DiskQuotas = []record.DiskQuota{}
	} else if c.IsSet("disk-quota") {
		if ch.DiskQuotas, err = parse.DiskQuotas(c.StringSlice("disk-quota")); err != nil {
			return err
		}
	}
	if c.IsSet("quota-id") {
		ch.QuotaID = new(int64)
		return setAny(c, "quota-id", ch.QuotaID, parse.QuotaID)
	}
	return nil
}
