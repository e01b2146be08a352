package journald

import "testing"

func TestFieldNames(t *testing.T) {
	for in, want := range map[string]string{
		"job": "JOB", "com.example/a-b": "COM_EXAMPLE_A_B", "_x": "X", "é9": "9", "__": "",
	} {
		if got := fieldName(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	for _, name := range []string{"MESSAGE", "PRIORITY", "CONTAINER_ID_FULL", "CONTAINER_PARTIAL_MESSAGE", "SYSLOG_TIMESTAMP"} {
		if !own(name) {
			t.Errorf("%s may be a label's", name)
		}
	}
	for _, name := range []string{"OBJECT_PID", "UNIT", "COREDUMP_UNIT"} {
		if !speaksOfOthers(name) {
			t.Errorf("%s may be a label's", name)
		}
	}
}
