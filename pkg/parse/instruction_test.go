package parse

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

func TestInstruction(t *testing.T) {
	name, rest, err := Instruction("  cmd\t[\"a\", \"b\"] ")
	if name != "CMD" || rest != `["a", "b"]` || err != nil {
		t.Errorf("%q %q %v", name, rest, err)
	}
	if _, _, err := Instruction(" "); !errs.Is(err, errs.Invalid) {
		t.Error(err)
	}
}

func TestCommandLine(t *testing.T) {
	for in, want := range map[string][]string{
		`["a","b c"]`: {"a", "b c"}, `echo hi`: {"/bin/sh", "-c", "echo hi"}, `[ -f x ]`: {"/bin/sh", "-c", "[ -f x ]"}, `[]`: {},
	} {
		if got := CommandLine(in); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q", in, got)
		}
	}
}

func TestPairs(t *testing.T) {
	for in, want := range map[string]string{
		`A=1`: `[[A 1]]`, `A=1 B="2 3"`: `[[A 1] [B 2 3]]`, `A one two`: `[[A one two]]`, `A=x\ y B=`: `[[A x y] [B ]]`,
		`A='$x "y"'`: `[[A $x "y"]]`, `A="b\c"`: `[[A b\c]]`,
	} {
		got, err := Pairs(in)
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
	for _, bad := range []string{``, `A`, `=1`, `A=1 B`, `A="x`, `A=\`} {
		if got, err := Pairs(bad); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v, %v", bad, got, err)
		}
	}
}
