// Package wire writes and reads protobuf messages
// (protobuf.dev/programming-guides/encoding) that are plain structs, each field
// with its number in a tag:
//
//	type Mount struct {
//		Type    string   `pb:"1"`
//		Options []string `pb:"4"`
//	}
//
// The generated packages register every message of a service when a program
// starts, and bring gRPC with them: half of a short command's time. Here a
// message costs nothing until it is used, and only the fields that somebody
// needs are named; others are passed over.
//
// A field may be a bool, an integer (varint), a float64, a string, bytes, a
// message (a struct or a pointer to one), a slice of these, or a map of strings
// to strings. A zero value is not written, as in proto3; nor is a nil pointer.
package wire

import (
	"errors"
	"reflect"
	"strconv"
	"time"
)

// ErrMalformed is the error of bytes that are no message of the type asked for.
var ErrMalformed = errors.New("malformed protobuf message")

// Any is google.protobuf.Any.
type Any struct {
	TypeURL string `pb:"1"`
	Value   []byte `pb:"2"`
}

// Empty is google.protobuf.Empty.
type Empty struct{}

// Timestamp is google.protobuf.Timestamp.
type Timestamp struct {
	Seconds int64 `pb:"1"` // since 1970
	Nanos   int32 `pb:"2"`
}

// Time is t as a Timestamp.
func Time(t time.Time) Timestamp { return Timestamp{t.Unix(), int32(t.Nanosecond())} }

// Wire types.
const (
	varint  = 0
	fixed64 = 1
	bytes   = 2
	fixed32 = 5
)

// number is the field number in a field's tag, 0 without one.
func number(f reflect.StructField) uint64 {
	n, err := strconv.ParseUint(f.Tag.Get("pb"), 10, 29)
	if err != nil {
		return 0
	}
	return n
}

// isBytes reports whether t is a slice of bytes.
func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

// isNumber reports whether values of t are packed when repeated.
func isNumber(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Slice, reflect.Struct, reflect.Pointer, reflect.Map:
		return false
	}
	return true
}
