package csi

import (
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// FuzzSecrets: a file of secrets is refused without a word of it, or each line has
// become its key and value.
func FuzzSecrets(f *testing.F) {
	for _, s := range []string{"a=b\n#c\n\nd=e=f\r\n", `{"a":"b"}`, `{"a":1}`, " {", "=x", "keykey", "{}", "null"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseSecrets("FILE", []byte(text))
		if err != nil {
			said := strings.ToLower(err.Error())
			for w := range strings.FieldsSeq(strings.ToLower(text)) {
				if len(w) > 8 && !strings.Contains("option secret: line of file is not key=value file is no json object of strings", w) && strings.Contains(said, w) {
					t.Fatalf("%q tells %q", err, w)
				}
			}
			if !errs.Is(err, errs.Invalid) {
				t.Fatalf("kind of %v", err)
			}
			return
		}
		if strings.HasPrefix(strings.TrimSpace(text), "{") {
			return
		}
		for k, v := range got {
			if k == "" || strings.ContainsAny(k, "=\n") || strings.Contains(v, "\n") || !strings.Contains(text, k+"="+v) {
				t.Fatalf("%q has %q=%q", text, k, v)
			}
		}
	})
}
