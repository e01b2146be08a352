package command

import (
	"strconv"
	"strings"
)

func (l *line) diskQuotas() {
	for _, q := range l.c.DiskQuotas {
		size := strconv.FormatInt(q.Size, 10)
		if len(q.Paths) > 0 {
			size = strings.Join(q.Paths, "&") + "=" + size
		}
		l.add("disk-quota", size)
	}
	l.number("quota-id", l.c.QuotaID)
}
