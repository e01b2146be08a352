package journald

import "testing"

// FuzzParse: an entry that is one has a time, and nothing of an entry that the journal
// itself adds is taken for the container's.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"MESSAGE":"x","PRIORITY":"3","__REALTIME_TIMESTAMP":"1700000000000000","__CURSOR":"c","FOO":"bar"}`))
	f.Add([]byte(`{"MESSAGE":[120,255,10],"__REALTIME_TIMESTAMP":["1","2"],"_PID":"1"}`))
	f.Add([]byte(`{"MESSAGE":[[[]]],"__REALTIME_TIMESTAMP":"-1"}`))
	f.Add([]byte(`{"MESSAGE":null,"A":[256,"x"],"__REALTIME_TIMESTAMP":"9223372036854775807"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		e, _, ok := parse(line)
		if !ok {
			return
		}
		for k := range e.Attrs {
			if k == "" || k[0] == '_' || own(k) {
				if k != "" {
					t.Errorf("%q is told as the container's: %q", k, line)
				}
			}
		}
		if e.Stream != "stdout" && e.Stream != "stderr" {
			t.Errorf("stream %q of %q", e.Stream, line)
		}
	})
}
