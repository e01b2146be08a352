package container

import "testing"

func TestPlace(t *testing.T) {
	for word, want := range map[string][3]string{
		"c:/x": {"c", "/x", "yes"}, "c:x/y": {"c", "x/y", "yes"}, "c:": {"c", "", "yes"}, "c:/a:b": {"c", "/a:b", "yes"},
		"/x:y": {"", "/x:y", ""}, "./x:y": {"", "./x:y", ""}, ".x:y": {"", ".x:y", ""}, "x": {"", "x", ""}, "-": {"", "-", ""}, ":x": {"", ":x", ""},
	} {
		c, p, ok := place(word)
		got := [3]string{c, p, map[bool]string{true: "yes"}[ok]}
		if got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}

func TestReplaceable(t *testing.T) {
	for path, ok := range map[string]bool{"/dev/null": false, "/": true, "/etc/passwd": true, "/nowhere/at/all": true} {
		if err := replaceable(path); (err == nil) != ok {
			t.Errorf("%s: %v", path, err)
		}
	}
}
