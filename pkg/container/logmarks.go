package container

import (
	"fmt"

	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/stdio/logopt"
	"github.com/pouchcontainer/pouch/pkg/stdio/logtag"
)

// logMarks are the tag and the attributes of a container's log, as of now: its
// name may change. A plain json-file log has none.
func logMarks(c *record.Container) (tag string, attrs map[string]string, err error) {
	l := c.Policy.Log
	if len(l.Opts) == 0 && l.Driver != logopt.Syslog && l.Driver != logopt.Journald {
		return "", nil, nil
	}
	o, err := logopt.Of(c)
	if err == nil {
		tag, err = logtag.Tag(o, c)
	}
	if err == nil {
		attrs, err = logtag.Attrs(o, c)
	}
	if err != nil {
		return "", nil, fmt.Errorf("log of container %s: %w", c.Name, err)
	}
	return tag, attrs, nil
}
