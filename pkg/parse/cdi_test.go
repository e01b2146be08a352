package parse

import (
	"slices"
	"strings"
	"testing"
)

func TestCDIDevices(t *testing.T) {
	for s, want := range map[string]string{
		"vendor.com/card=one":                   "vendor.com/card=one",
		"v/c=a,b":                               "v/c=a v/c=b",
		"v/c=a,w.x/d=0:1":                       "v/c=a w.x/d=0:1",
		"nvidia.com/gpu=GPU-1a,nvidia.com/gpu=": "",
		"v/c=":                                  "",
		"v/c=-a":                                "",
		"/c=a":                                  "",
		"v/c=a b":                               "",
	} {
		got, err := CDIDevices(s)
		if (err == nil) != (want != "") || strings.Join(got, " ") != want {
			t.Errorf("%s: %q, %v", s, got, err)
		}
	}
	for s, want := range map[string]bool{"/dev/a=b": false, "v/c=d": true, "a=b/c": false, "rel/dev:/x": false} {
		if IsCDI(s) != want {
			t.Errorf("%s is a device of a file: %v", s, !want)
		}
	}
}

func TestGPUs(t *testing.T) {
	for s, want := range map[string][]string{
		"all":                                {"nvidia.com/gpu=all"},
		"2":                                  {"nvidia.com/gpu=0", "nvidia.com/gpu=1"},
		`"device=0,2"`:                       {"nvidia.com/gpu=0", "nvidia.com/gpu=2"},
		"device=0,2":                         {"nvidia.com/gpu=0", "nvidia.com/gpu=2"},
		"device=GPU-3a23,capabilities=gpu":   {"nvidia.com/gpu=GPU-3a23"},
		`all,"capabilities=compute,utility"`: {"nvidia.com/gpu=all"},
		"count=-1,driver=nvidia":             {"nvidia.com/gpu=all"},
		"capabilities=gpu":                   {"nvidia.com/gpu=all"},
		"driver=amd,count=1":                 {"amd.com/gpu=0"},
		"0":                                  nil,
		"none":                               nil,
		"device=0,count=1":                   nil,
		"driver=other":                       nil,
		"all,foo=bar":                        nil,
		"device=":                            nil,
		"all,2":                              nil,
	} {
		got, err := GPUs(s)
		if (err == nil) != (want != nil) || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", s, got, err)
		}
	}
}
