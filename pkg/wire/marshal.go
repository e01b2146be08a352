package wire

import (
	"encoding/binary"
	"maps"
	"math"
	"reflect"
	"slices"
)

// Marshal encodes m, a struct or a pointer to one. It panics for a field that
// has no encoding: that is a mistake in the program.
func Marshal(m any) []byte {
	return appendMessage(nil, reflect.Indirect(reflect.ValueOf(m)))
}

func appendMessage(b []byte, v reflect.Value) []byte {
	for i := range v.NumField() {
		if n := number(v.Type().Field(i)); n != 0 {
			b = appendField(b, n, v.Field(i))
		}
	}
	return b
}

// appendField writes what v holds; nothing for a zero value.
func appendField(b []byte, n uint64, v reflect.Value) []byte {
	switch {
	case v.IsZero():
		return b
	case v.Kind() == reflect.Map:
		return appendMap(b, n, v)
	case v.Kind() != reflect.Slice || isBytes(v.Type()):
		return appendOne(b, n, v)
	case isNumber(v.Type().Elem()):
		var packed []byte
		for i := range v.Len() {
			packed = appendNumber(packed, v.Index(i))
		}
		return appendBytes(b, n, packed)
	}
	for i := range v.Len() {
		b = appendOne(b, n, v.Index(i))
	}
	return b
}

// appendOne writes one value, also when it is zero.
func appendOne(b []byte, n uint64, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.String:
		b = binary.AppendUvarint(b, n<<3|bytes)
		b = binary.AppendUvarint(b, uint64(v.Len()))
		return append(b, v.String()...)
	case reflect.Slice:
		return appendBytes(b, n, v.Bytes())
	case reflect.Pointer:
		return appendBytes(b, n, appendMessage(nil, v.Elem()))
	case reflect.Struct:
		return appendBytes(b, n, appendMessage(nil, v))
	case reflect.Float64:
		return appendNumber(binary.AppendUvarint(b, n<<3|fixed64), v)
	}
	return appendNumber(binary.AppendUvarint(b, n<<3|varint), v)
}

func appendBytes(b []byte, n uint64, data []byte) []byte {
	b = binary.AppendUvarint(b, n<<3|bytes)
	b = binary.AppendUvarint(b, uint64(len(data)))
	return append(b, data...)
}

func appendNumber(b []byte, v reflect.Value) []byte {
	switch {
	case v.Kind() == reflect.Bool && v.Bool():
		return append(b, 1)
	case v.Kind() == reflect.Bool:
		return append(b, 0)
	case v.CanInt():
		return binary.AppendUvarint(b, uint64(v.Int()))
	case v.CanUint():
		return binary.AppendUvarint(b, v.Uint())
	case v.Kind() == reflect.Float64:
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(v.Float()))
	}
	panic("wire: no encoding for " + v.Type().String())
}

func appendMap(b []byte, n uint64, v reflect.Value) []byte {
	m, ok := reflect.TypeAssert[map[string]string](v)
	if !ok {
		panic("wire: no encoding for " + v.Type().String())
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		b = appendBytes(b, n, Marshal(entry{k, m[k]}))
	}
	return b
}

// entry is one of a map.
type entry struct {
	Key   string `pb:"1"`
	Value string `pb:"2"`
}
