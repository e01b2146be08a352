package volume

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/docker/go-units"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/quota"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// limitOf is the limit that the options of a volume in a folder name: size=, as
// docker and PouchContainer have it, inodes=, and both in o=, as podman has them.
// nil is none.
func limitOf(o map[string]string) (*record.VolumeQuota, error) {
	if o["type"] != "" || o["device"] != "" {
		if o["size"] != "" || o["inodes"] != "" {
			return nil, errs.New(errs.Invalid, "options size and inodes limit a volume in a folder: for one with a device, if that can, say o=size=…")
		}
		return nil, nil
	}
	var q record.VolumeQuota
	words := []string{}
	for _, k := range []string{"size", "inodes"} {
		if v, ok := o[k]; ok {
			words = append(words, k+"="+v)
		}
	}
	if o["o"] != "" {
		words = append(words, strings.Split(o["o"], ",")...)
	}
	for _, w := range words {
		if known, err := setLimit(&q, w); err != nil || !known {
			return nil, err
		}
	}
	if q == (record.VolumeQuota{}) {
		return nil, nil
	}
	return &q, nil
}

// setLimit reads size=… or inodes=…; known is false for another word.
func setLimit(q *record.VolumeQuota, word string) (known bool, err error) {
	key, value, _ := strings.Cut(word, "=")
	switch key {
	case "size":
		if q.Bytes, err = parse.Size(value); err == nil && q.Bytes == 0 {
			err = errs.New(errs.Invalid, "option size=%s: it must be more than 0", value)
		}
	case "inodes":
		if q.Inodes, err = strconv.ParseInt(value, 10, 64); err != nil || q.Inodes < 1 {
			err = errs.New(errs.Invalid, "option inodes=%s: it must be a number of files, more than 0", value)
		}
	default:
		return false, nil
	}
	return true, err
}

// make makes a volume in a folder, limited if its options say so: first the record
// that names the project, then the project's folder and limit. Who is killed in
// between leaves both in the staging folder, where dropLimit finds them.
func (m *Manager) make(v *record.Volume) (err error) {
	if v.Quota, err = limitOf(v.Options); err != nil {
		return err
	}
	if v.Quota == nil {
		return m.s.CreateVolume(v)
	}
	if v.Quota.Project, err = quota.Choose(m.s.Volumes(), quota.Volumes); err != nil {
		return err
	}
	err = m.s.CreateVolumeWith(v, func(data string) error { return limit(context.Background(), data, v.Quota) })
	if err != nil {
		return errors.Join(err, m.clearStaging(v.Name))
	}
	return nil
}

// limit puts the folder into the project and then limits that.
func limit(ctx context.Context, data string, q *record.VolumeQuota) error {
	if err := quota.Assign(ctx, data, q.Project); err != nil {
		return err
	}
	return quota.SetLimit(data, q.Project, quota.Limit{Bytes: q.Bytes, Inodes: q.Inodes})
}

// keepLimit makes the limit of a volume true again where it is not: the data was
// copied to this filesystem, or came back from a backup, which know no projects.
// The caller holds the volume's lock. It fails with kind unsupported where the
// filesystem keeps no limits. Idempotent.
func (m *Manager) keepLimit(ctx context.Context, v *record.Volume) error {
	q := v.Quota
	if q == nil {
		return nil
	}
	data := m.s.VolumeData(v.Name)
	use, err := quota.Read(data, q.Project)
	if err != nil {
		return fmt.Errorf("volume %s: %w", v.Name, err)
	}
	is, err := quota.Of(data)
	if err != nil {
		return err
	}
	if is == q.Project {
		return quota.SetLimit(data, q.Project, quota.Limit{Bytes: q.Bytes, Inodes: q.Inodes})
	}
	if use.UsedInodes > 0 { // it is another's by now
		if q.Project, err = quota.Choose(data, quota.Volumes); err != nil {
			return err
		}
		if err := m.s.SetVolume(v); err != nil {
			return err
		}
	}
	return limit(ctx, data, q)
}

// resizeLimit gives a volume with a limit another one of size bytes, also while
// containers use it. The caller holds the volume's lock. Idempotent.
func (m *Manager) resizeLimit(ctx context.Context, v *record.Volume, size int64) error {
	if size < 1 {
		return errs.New(errs.Invalid, "the size must be more than 0")
	}
	v.Quota.Bytes = size
	v.Options = map[string]string{"size": strconv.FormatInt(size, 10)}
	if v.Quota.Inodes > 0 {
		v.Options["inodes"] = strconv.FormatInt(v.Quota.Inodes, 10)
	}
	if err := m.s.SetVolume(v); err != nil {
		return err
	}
	return m.keepLimit(ctx, v)
}

// dropLimit takes back the limit of what lies in the staging folder. Where the
// record cannot be read the folder itself tells the project. Idempotent.
func (m *Manager) dropLimit(name string) error {
	v, err := m.s.StagedVolume(name)
	if err == nil && v.Quota == nil {
		return nil
	}
	if err == nil {
		return quota.Clear(m.s.Volumes(), v.Quota.Project)
	}
	id, err := quota.Of(filepath.Join(m.s.VolumeStaging(name), "_data"))
	if err != nil || id < quota.Volumes || id >= quota.Containers {
		return nil //nolint:nilerr // what is not there has none
	}
	return quota.Clear(m.s.Volumes(), id)
}

// tooMuch says of an error that a limit is behind it, if one is.
func (m *Manager) tooMuch(name string, err error) error {
	if !quota.Exceeded(err) {
		return err
	}
	data := m.s.VolumeData(name)
	id, ierr := quota.Of(data)
	use, uerr := quota.Read(data, id)
	if ierr != nil || uerr != nil || id == 0 || use.Limit == (quota.Limit{}) {
		return err
	}
	return errs.New(errs.Invalid, "%w: its limit is %s: give it a higher one, or say nocopy", err, limitText(use.Limit))
}

func limitText(l quota.Limit) string {
	var out []string
	if l.Bytes > 0 {
		out = append(out, units.BytesSize(float64(l.Bytes)))
	}
	if l.Inodes > 0 {
		out = append(out, fmt.Sprint(l.Inodes, " files"))
	}
	return strings.Join(out, " and ")
}

// limitStatus is what inspect tells of a limit.
func (m *Manager) limitStatus(v *record.Volume) map[string]any {
	q := v.Quota
	if q == nil {
		return nil
	}
	out := map[string]any{"QuotaId": q.Project, "Size": q.Bytes, "Inodes": q.Inodes}
	if use, err := quota.Read(m.s.VolumeData(v.Name), q.Project); err == nil {
		out["Used"], out["InodesUsed"] = use.UsedBytes, use.UsedInodes
	} else {
		out["Error"] = err.Error()
	}
	return out
}
