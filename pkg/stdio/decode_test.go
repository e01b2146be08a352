package stdio

import (
	"encoding/json"
	"testing"
	"time"
)

// What the decoder reads by itself is what encoding/json reads.
func FuzzDecoder(f *testing.F) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 67, time.UTC)
	f.Add(appendEntry(nil, []byte("a\"\\\n\xff\xe2\x80\xa8\x01"), "stdout", nil, at))
	f.Add(appendEntry(nil, []byte("x\n"), "stderr", []byte(`{"a":"b"}`), at))
	for _, s := range []string{
		`{"log":"\ud83d\ude00\/","stream":"stdout","time":"2026-01-02T03:04:05Z"}`, `{"log":"x","stream":"stdout","time":"yesterday"}`,
		`{"time":"2026-01-02T03:04:05Z","log":"x","stream":"stdout"}`, `{"log":"x`, `{"log":"x","stream":"stdout","time":"2026-01-02T03:04:05Z"} more`, "",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var want Entry
		err := json.Unmarshal(line, &want)
		got, ok := (&decoder{}).plain(line)
		if ok && (err != nil || got.Text != want.Text || got.Stream != want.Stream || !got.Time.Equal(want.Time)) {
			t.Errorf("%q: %+v, want %+v, %v", line, got, want, err)
		}
	})
}

func TestDecoderReadsWhatIsWritten(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 67, time.UTC)
	for _, s := range []string{"plain\n", "", "tab\t\"quoted\" \\ \x1b[0m é \u2028 no newline"} {
		if e, ok := (&decoder{}).plain(appendEntry(nil, []byte(s), "stderr", nil, at)); !ok || e.Text != s || e.Stream != "stderr" || !e.Time.Equal(at) {
			t.Errorf("%q: %+v %v", s, e, ok)
		}
	}
}
