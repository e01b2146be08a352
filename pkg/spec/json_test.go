package spec

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// fill puts something into every field of v, as deep as types do not repeat.
func fill(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth)
	case reflect.Struct:
		for i := range v.NumField() {
			if depth > 0 {
				fill(v.Field(i), depth-1)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth)
	case reflect.Map:
		k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(k, depth)
		fill(e, depth)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(k, e)
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(7)
	}
}

// TestJSON: what is for Linux goes out and comes in as with the whole type, and
// nobody has added a field to that.
func TestJSON(t *testing.T) {
	s := &specs.Spec{}
	fill(reflect.ValueOf(s).Elem(), 8)
	var fields []string
	for i := range reflect.TypeFor[specs.Spec]().NumField() {
		fields = append(fields, reflect.TypeFor[specs.Spec]().Field(i).Name)
	}
	others := []string{"Solaris", "Windows", "ZOS", "FreeBSD"}
	for _, f := range fields {
		if _, ok := reflect.TypeFor[onLinux]().FieldByName(f); !ok && !slices.Contains(others, f) {
			t.Errorf("%s is lost", f)
		}
	}
	s.Solaris, s.Windows, s.ZOS, s.FreeBSD = nil, nil, nil, nil
	want, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Encode(s)
	if err != nil || string(got) != string(want) {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
	back, err := Decode(want)
	if err != nil || !reflect.DeepEqual(back, s) {
		t.Errorf("%+v, %v; want %+v", back, err, s)
	}
}
