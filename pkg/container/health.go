package container

import "github.com/pouchcontainer/pouch/pkg/record"

// infoHealth is what the health check has found, as inspect tells it.
func infoHealth(h *record.HealthState) *InfoHealth {
	if h == nil {
		return nil
	}
	i := &InfoHealth{Status: h.Status, FailingStreak: h.Streak, Log: []InfoProbe{}}
	for _, p := range h.Log {
		i.Log = append(i.Log, InfoProbe(p))
	}
	return i
}

// infoHealthcheck is the health check in docker's form.
func infoHealthcheck(h *record.Health) *InfoHealthcheck {
	kind := "CMD"
	if h.Shell {
		kind = "CMD-SHELL"
	}
	return &InfoHealthcheck{
		Test: append([]string{kind}, h.Test...), Interval: h.Interval, Timeout: h.Timeout,
		StartPeriod: h.StartPeriod, StartInterval: h.StartInterval, Retries: h.Retries,
	}
}
