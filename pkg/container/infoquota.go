package container

import (
	"strconv"
	"strings"

	"github.com/docker/go-units"

	"github.com/pouchcontainer/pouch/pkg/quota"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// InfoQuota is what a part of a container may take of the disk, and takes; parts of
// the same project share both.
type InfoQuota struct {
	Path    string // "/" or a volume's destination
	QuotaID uint32 `json:"QuotaId"` // the kernel's project
	Size    int64
	Used    *int64 `json:",omitempty"` // nil: the filesystem does not tell
}

// infoDiskQuota is --disk-quota and --quota-id as PouchContainer shows them: a rule
// without a path is one of the root.
func infoDiskQuota(c *record.Container) (rules map[string]string, id string) {
	for _, q := range c.DiskQuotas {
		if rules == nil {
			rules = map[string]string{}
		}
		key := strings.Join(q.Paths, "&")
		if key == "" {
			key = rootPath
		}
		rules[key] = units.BytesSize(float64(q.Size))
	}
	if c.QuotaID != 0 {
		id = strconv.FormatInt(c.QuotaID, 10)
	}
	return rules, id
}

func (m *Manager) infoQuotas(c *record.Container) []InfoQuota {
	var out []InfoQuota
	for _, p := range c.Projects {
		q := InfoQuota{Path: p.Path, QuotaID: p.ID, Size: p.Size}
		if use, err := quota.Read(m.Store.Root, p.ID); err == nil {
			q.Used = &use.UsedBytes
		}
		out = append(out, q)
	}
	return out
}
