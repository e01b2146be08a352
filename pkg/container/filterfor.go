package container

import (
	"slices"
	"time"

	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// resolved replaces in the filters before and since the containers that they name
// by the times at which those were created, and in until what is ago by a time. It
// fails with kind not_found for one that is not there.
func (m *Manager) resolved(f Filters) (Filters, error) {
	out := make(Filters, len(f))
	for key, values := range f {
		out[key] = values
		if key != "before" && key != "since" && key != "until" {
			continue
		}
		out[key] = make([]string, len(values))
		for i, v := range values {
			at, err := m.momentOf(key, v)
			if err != nil {
				return nil, err
			}
			out[key][i] = at.Format(time.RFC3339Nano)
		}
	}
	return out, nil
}

func (m *Manager) momentOf(key, value string) (time.Time, error) {
	if key == "until" {
		return parse.Time(value, time.Now())
	}
	c, _, err := m.find(value)
	if err != nil {
		return time.Time{}, err
	}
	return c.Created, nil
}

func instant(s string) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, s)
	return t
}

// healthWord is a container's health as ps filters it: none without a check, and
// for one that does not run.
func healthWord(st *record.State) string {
	if st.Health == nil || st.Status != record.Running {
		return "none"
	}
	return st.Health.Status
}

// anyPort reports whether one of the ports, as number has it, is among v: 80, or
// 80-90/udp.
func anyPort(v string, ports []record.Port, number func(record.Port) uint16) bool {
	wanted, err := parse.Expose(v)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(ports, func(p record.Port) bool {
		return slices.ContainsFunc(wanted, func(w record.Port) bool {
			return w.ContainerPort == number(p) && w.Protocol == p.Protocol
		})
	})
}
