package wire

import (
	"encoding/binary"
	"math"
	"reflect"
)

// Unmarshal decodes b into m, a pointer to a struct. Fields that m does not name
// are passed over; of a field that comes twice the last counts, repeated ones are
// added. Other bytes than such a message give ErrMalformed. What m then holds
// are copies.
func Unmarshal(b []byte, m any) error {
	return read(b, reflect.ValueOf(m).Elem())
}

func read(b []byte, v reflect.Value) error {
	for len(b) > 0 {
		key, rest, err := uvarint(b)
		if err != nil {
			return err
		}
		val, rest, err := next(rest, key&7)
		if err != nil {
			return err
		}
		b = rest
		if f, ok := field(v, key>>3); ok {
			if err := val.into(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// field is the field of v with number n.
func field(v reflect.Value, n uint64) (reflect.Value, bool) {
	for i := range v.NumField() {
		if number(v.Type().Field(i)) == n && n != 0 {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

// value is an undecoded value: a number, or data.
type value struct {
	kind   uint64 // wire type
	number uint64
	data   []byte
}

// next takes a value of a wire type off b.
func next(b []byte, kind uint64) (value, []byte, error) {
	switch kind {
	case varint:
		n, rest, err := uvarint(b)
		return value{kind: kind, number: n}, rest, err
	case bytes:
		n, rest, err := uvarint(b)
		if err != nil || n > uint64(len(rest)) {
			return value{}, nil, ErrMalformed
		}
		return value{kind: kind, data: rest[:n]}, rest[n:], nil
	case fixed64:
		if len(b) >= 8 {
			return value{kind: kind, number: binary.LittleEndian.Uint64(b)}, b[8:], nil
		}
	case fixed32:
		if len(b) >= 4 {
			return value{kind: kind, number: uint64(binary.LittleEndian.Uint32(b))}, b[4:], nil
		}
	}
	return value{}, nil, ErrMalformed
}

func uvarint(b []byte) (uint64, []byte, error) {
	n, size := binary.Uvarint(b)
	if size <= 0 {
		return 0, nil, ErrMalformed
	}
	return n, b[size:], nil
}

// into puts the value into a field.
func (x value) into(f reflect.Value) error {
	switch {
	case f.Kind() == reflect.Map:
		return x.intoMap(f)
	case f.Kind() != reflect.Slice || isBytes(f.Type()):
		return x.set(f)
	case x.kind == bytes && isNumber(f.Type().Elem()):
		return x.unpack(f)
	}
	one := reflect.New(f.Type().Elem()).Elem()
	if err := x.set(one); err != nil {
		return err
	}
	f.Set(reflect.Append(f, one))
	return nil
}

// unpack adds the numbers of a packed field.
func (x value) unpack(f reflect.Value) error {
	kind := uint64(varint)
	if f.Type().Elem().Kind() == reflect.Float64 {
		kind = fixed64
	}
	for b := x.data; len(b) > 0; {
		n, rest, err := next(b, kind)
		if err != nil {
			return err
		}
		one := reflect.New(f.Type().Elem()).Elem()
		if err := n.set(one); err != nil {
			return err
		}
		f.Set(reflect.Append(f, one))
		b = rest
	}
	return nil
}

func (x value) intoMap(f reflect.Value) error {
	var e entry
	if x.kind != bytes {
		return ErrMalformed
	}
	if err := Unmarshal(x.data, &e); err != nil {
		return err
	}
	if f.IsNil() {
		f.Set(reflect.MakeMap(f.Type()))
	}
	f.SetMapIndex(reflect.ValueOf(e.Key), reflect.ValueOf(e.Value))
	return nil
}

// set puts the value into f, which is no list.
func (x value) set(f reflect.Value) error {
	if x.kind == bytes {
		return x.setData(f)
	}
	switch {
	case f.Kind() == reflect.Float64 && x.kind == fixed64:
		f.SetFloat(math.Float64frombits(x.number))
	case f.Kind() == reflect.Bool && x.kind == varint:
		f.SetBool(x.number != 0)
	case f.CanInt() && x.kind == varint:
		f.SetInt(int64(x.number))
	case f.CanUint() && x.kind == varint:
		f.SetUint(x.number)
	default:
		return ErrMalformed
	}
	return nil
}

func (x value) setData(f reflect.Value) error {
	switch {
	case f.Kind() == reflect.String:
		f.SetString(string(x.data))
	case isBytes(f.Type()):
		f.SetBytes(append([]byte(nil), x.data...))
	case f.Kind() == reflect.Struct:
		return read(x.data, f)
	case f.Kind() == reflect.Pointer && f.Type().Elem().Kind() == reflect.Struct:
		if f.IsNil() {
			f.Set(reflect.New(f.Type().Elem()))
		}
		return read(x.data, f.Elem())
	default:
		return ErrMalformed
	}
	return nil
}
