package codec

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// fill puts something into every field of v, as deep as types do not repeat.
func fill(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)))
			return
		}
		for _, field := range v.Fields() {
			if depth > 0 {
				fill(field, depth-1)
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
		v.SetString("a<\n\"é")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(7)
	}
}

// TestAsEncodingJSON: what is written is what encoding/json writes, with every
// field set and with none, and what that writes is read. It fails where a field was
// added and go generate was forgotten.
func TestAsEncodingJSON(t *testing.T) {
	for _, make := range []func() any{
		func() any { return &record.Container{} },
		func() any { return &record.State{} },
		func() any { return &record.Network{} },
		func() any { return &record.Lease{} },
		func() any { return &record.Event{} },
		func() any { return &specs.Spec{} },
	} {
		for _, depth := range []int{0, 1, 3, 9} {
			v := make()
			fill(reflect.ValueOf(v).Elem(), depth)
			if s, ok := v.(*specs.Spec); ok {
				s.Solaris, s.Windows, s.ZOS, s.FreeBSD = nil, nil, nil, nil
			}
			want, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := Marshal(v); err != nil || !reflect.DeepEqual(generic(t, got), generic(t, want)) {
				t.Errorf("%T, depth %d: %v\n%s\nwant\n%s", v, depth, err, got, want)
			}
			back, plain := make(), make()
			if err := json.Unmarshal(want, plain); err != nil {
				t.Fatal(err)
			}
			if err := Unmarshal(want, back); err != nil || !reflect.DeepEqual(back, plain) {
				t.Errorf("%T, depth %d: %+v, %v; want %+v", v, depth, back, err, plain)
			}
		}
	}
}

// generic is JSON as values: members have no order.
func generic(t *testing.T, data []byte) (v any) {
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	return v
}

// TestSpecFields: nobody has added a field to specs.Spec.
func TestSpecFields(t *testing.T) {
	others := []string{"Solaris", "Windows", "ZOS", "FreeBSD"}
	for field := range reflect.TypeFor[specs.Spec]().Fields() {
		f := field.Name
		if _, ok := reflect.TypeFor[runtimeSpec]().FieldByName(f); !ok && !slices.Contains(others, f) {
			t.Errorf("%s is lost", f)
		}
	}
}

// TestBroken: what is no JSON, or another thing's, is an error as it is one of
// encoding/json.
func TestBroken(t *testing.T) {
	for _, text := range []string{
		"", " ", "x", "{", `{"id":`, `{"id":"a"`, `{"id":"a"}}`, `{"id":"a"} x`, `{"id":1}`, `[]`, `"x"`, `7`,
		`{"networks":{}}`, `{"networks":[1]}`, `{"process":[]}`, `{"process":{"env":"x"}}`, `{"created":"x"}`,
	} {
		plain := json.Unmarshal([]byte(text), &record.Container{})
		if err := Unmarshal([]byte(text), &record.Container{}); (err == nil) != (plain == nil) {
			t.Errorf("%q: %v; encoding/json says %v", text, err, plain)
		}
	}
}

// TestBrokenLease: of an address, too.
func TestBrokenLease(t *testing.T) {
	for _, text := range []string{
		"", "{", `{"netns":`, `{"netns":"a"`, `{"netns":1}`, `{"netnsInode":-1}`, `{"owner":"x"}`, `{"ports":{}}`, `[]`, `{"netns":"a"} x`, `{"names":null}`,
	} {
		plain := json.Unmarshal([]byte(text), &record.Lease{})
		if err := Unmarshal([]byte(text), &record.Lease{}); (err == nil) != (plain == nil) {
			t.Errorf("%q: %v; encoding/json says %v", text, err, plain)
		}
	}
}

func TestSchemaVersion(t *testing.T) {
	for text, want := range map[string]int{`{}`: 0, `{"id":"x","schemaVersion":2}`: 2, `{"a":{"schemaVersion":3},"schemaVersion":1}`: 1} {
		if n, err := SchemaVersion([]byte(text)); n != want || err != nil {
			t.Errorf("%s: %d, %v", text, n, err)
		}
	}
	if _, err := SchemaVersion([]byte(`{"schemaVersion":"x"}`)); err == nil {
		t.Error("a version that is no number was taken")
	}
}

// FuzzContainer: whatever is read is read as encoding/json reads it.
func FuzzContainer(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":1,"id":"a","process":{"env":["a=b"],"cwd":"/"},"host":{"sysctls":{"a":"b"}},"created":"2026-01-01T00:00:00Z"}`))
	f.Add([]byte(`{"id":null,"ports":[{"hostPort":1}],"labels":{"x":"\u00e9<"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var a record.Container
		if Unmarshal(data, &a) != nil {
			return
		}
		text, err := Marshal(&a)
		if err != nil {
			return // a year that RFC 3339 does not have
		}
		var b record.Container
		if err := json.Unmarshal(text, &b); err != nil {
			t.Fatalf("%q: encoding/json cannot read what was written: %v\n%s", data, err, text)
		}
	})
}
