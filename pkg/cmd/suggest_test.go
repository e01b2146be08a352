package cmd

import "testing"

func TestNearest(t *testing.T) {
	verbs := []string{"run", "create", "start", "stop", "stats", "restart", "ps", "rm", "inspect", "logs", "gc"}
	for word, want := range map[string]string{
		"strat": "start", "stp": "stop", "inspct": "inspect", "insp": "inspect", "lgos": "logs", "creat": "create",
		"runn": "run", "nginx": "", "busybox": "", "gcc": "gc", "a": "", "": "", "rm": "", "x1": "",
	} {
		if got := nearest(word, verbs); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}
