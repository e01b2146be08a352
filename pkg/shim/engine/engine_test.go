package engine

import (
	"errors"
	"fmt"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

func TestClassify(t *testing.T) {
	tests := []struct {
		in   string
		kind errs.Kind
		out  string // empty: as it was
	}{
		{
			`runc create failed: unable to start container process: error during container init: exec: "nosuch": executable file not found in $PATH`,
			errs.NoCommand, `exec: "nosuch": executable file not found in $PATH`,
		},
		{
			`unable to start container process: exec: "/no/such": stat /no/such: no such file or directory` + "\nmore",
			errs.NoCommand, `exec: "/no/such": stat /no/such: no such file or directory`,
		},
		{`exec failed: exec: "/etc": permission denied`, errs.NotExecutable, `exec: "/etc": permission denied`},
		{`exec: "/etc": is a directory`, errs.NotExecutable, `exec: "/etc": is a directory`},
		{"executable file `nosuch` not found in $PATH: No such file or directory", errs.NoCommand, ""},
		{"open executable: Permission denied", errs.NotExecutable, ""},
		{"open executable: Operation not permitted", errs.NotExecutable, ""},
		{`error mounting "/no" to rootfs at "/x": stat /no: no such file or directory`, errs.Internal, ""},
		{`chdir to cwd ("/x") set in config.json failed: permission denied`, errs.Internal, ""},
	}
	for _, tt := range tests {
		got := Classify(errors.New(tt.in))
		if tt.out == "" {
			tt.out = tt.in
		}
		if errs.KindOf(got) != tt.kind || got.Error() != tt.out {
			t.Errorf("%q: kind %s, %q; want %s, %q", tt.in, errs.KindOf(got), got, tt.kind, tt.out)
		}
	}
	kept := fmt.Errorf("x: %w", errs.New(errs.Conflict, `exec: "a": permission denied`))
	if Classify(kept) != kept || Classify(nil) != nil {
		t.Error("an error with a kind, or none, is changed")
	}
}

func TestCheckID(t *testing.T) {
	for _, bad := range []string{"", ".", "..", ".a", "a/b", "a b", "ä", "a\n", "a\x00", string(make([]byte, 300))} {
		if !errs.Is(CheckID(bad), errs.Invalid) {
			t.Errorf("%q passes", bad)
		}
	}
	for _, good := range []string{"a", "0", "Ab_+-.9"} {
		if err := CheckID(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}

func TestMergeResources(t *testing.T) {
	s := &specs.Spec{Linux: &specs.Linux{Resources: &specs.LinuxResources{
		Memory: &specs.LinuxMemory{Limit: new(int64(100)), Swap: new(int64(100))},
		CPU:    &specs.LinuxCPU{Shares: new(uint64(5)), Cpus: "0"},
	}}}
	got := MergeResources(s, &specs.LinuxResources{
		Memory: &specs.LinuxMemory{Limit: new(int64(200))},
		CPU:    &specs.LinuxCPU{Quota: new(int64(7))},
		Pids:   &specs.LinuxPids{Limit: new(int64(9))},
	}).Linux.Resources
	if *got.Memory.Limit != 200 || *got.Memory.Swap != 200 || *got.CPU.Shares != 5 || *got.CPU.Quota != 7 || got.CPU.Cpus != "0" || *got.Pids.Limit != 9 {
		t.Errorf("merged: %+v %+v", got.Memory, got.CPU)
	}
	if old := s.Linux.Resources; *old.Memory.Limit != 100 || *old.Memory.Swap != 100 || old.CPU.Quota != nil || old.Pids != nil {
		t.Errorf("the old one is changed: %+v %+v", old.Memory, old.CPU)
	}
	if r := MergeResources(&specs.Spec{}, &specs.LinuxResources{}).Linux.Resources; r == nil {
		t.Error("nothing merged with nothing is nil")
	}
}
