package libct

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/opencontainers/runc/libcontainer/configs"
)

// TestProfileText: every field counts, at every depth.
func TestProfileText(t *testing.T) {
	fields := 0
	profile := func(changed int) *configs.Seccomp {
		c := &configs.Seccomp{}
		fields = 0
		set(reflect.ValueOf(c).Elem(), &fields, changed)
		return c
	}
	plain := profileText(profile(-1))
	if fields < 13 {
		t.Fatalf("%d fields", fields)
	}
	seen := map[string]int{string(plain): -1}
	for i := range fields {
		text := profileText(profile(i))
		if other, ok := seen[string(text)]; ok {
			t.Errorf("a change of field %d gives the text of %d", i, other)
		}
		seen[string(text)] = i
	}
	a := profileText(&configs.Seccomp{Architectures: []string{"ab", "c"}})
	if b := profileText(&configs.Seccomp{Architectures: []string{"a", "bc"}}); bytes.Equal(a, b) {
		t.Error("two lists have one text")
	}
	if bytes.Equal(profileText(&configs.Seccomp{}), profileText(&configs.Seccomp{DefaultErrnoRet: new(uint)})) {
		t.Error("none and 0 have one text")
	}
}

// set fills v, another way in leaf number changed; n counts the leaves.
func set(v reflect.Value, n *int, changed int) {
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			set(field, n, changed)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		set(v.Index(0), n, changed)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		set(v.Elem(), n, changed)
	default:
		odd := *n == changed
		*n++
		switch {
		case v.Kind() == reflect.String && odd:
			v.SetString("other")
		case v.Kind() == reflect.String:
			v.SetString("one")
		case v.CanInt() && odd:
			v.SetInt(2)
		case v.CanInt():
			v.SetInt(1)
		case v.CanUint() && odd:
			v.SetUint(2)
		default:
			v.SetUint(1)
		}
	}
}
