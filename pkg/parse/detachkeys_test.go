package parse

import (
	"bytes"
	"testing"
)

func TestDetachKeys(t *testing.T) {
	for in, want := range map[string][]byte{
		"": nil, "ctrl-p,ctrl-q": {16, 17}, "a": {'a'}, "a,b,ctrl-c": {'a', 'b', 3},
		"ctrl-@": {0}, "ctrl-[": {27}, `ctrl-\`: {28}, "ctrl-]": {29}, "ctrl-^": {30}, "ctrl-_": {31},
		"DEL": {127}, "CTRL-A": {1},
	} {
		if got, err := DetachKeys(in); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%q: %v, %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"ab", "ctrl-", "ctrl-1", "ctrl-pp", "a,,b", ",", "é"} {
		if got, err := DetachKeys(in); err == nil {
			t.Errorf("%q: %v", in, got)
		}
	}
}
