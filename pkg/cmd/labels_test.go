package cmd

import "testing"

func TestLabels(t *testing.T) {
	for want, labels := range map[string]map[string]string{
		"":            nil,
		"a=":          {"a": ""},
		"a=1,a.b=2=3": {"a.b": "2=3", "a": "1"},
	} {
		if got := Labels(labels); got != want {
			t.Errorf("labels %v: %q, want %q", labels, got, want)
		}
	}
}
