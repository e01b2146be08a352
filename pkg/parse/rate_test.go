package parse

import "testing"

func TestRate(t *testing.T) {
	for s, want := range map[string]uint64{
		"10mbit": 10e6, "1.5Gbit": 15e8, "100k": 1e5, "8": 8, "9600bit": 9600, "1t": 1e12,
		"": 0, "bit": 0, "0": 0, "7": 0, "-1m": 0, "1e9": 0, "0x10": 0, "inf": 0, "nan": 0, "10mbps": 0, "2000t": 0, "1_0m": 0,
	} {
		got, err := Rate(s)
		if got != want || (err == nil) != (want != 0) {
			t.Errorf("%q: %d %v, want %d", s, got, err, want)
		}
	}
	for s, want := range map[string]uint64{"64k": 65536, "1g": 1 << 30, "2g": 0, "100": 0, "x": 0} {
		got, err := Burst(s)
		if got != want || (err == nil) != (want != 0) {
			t.Errorf("%q: %d %v, want %d", s, got, err, want)
		}
	}
}
