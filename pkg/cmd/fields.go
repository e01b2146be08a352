package cmd

import (
	"errors"
	"reflect"
	"regexp"
	"strings"
	"text/template"
)

// fieldsInstead returns the words "; there are A, B, …" for a template's error about a
// field that v, or what is in it, has not; else nothing.
func fieldsInstead(err error, v any) string {
	if _, ok := errors.AsType[template.ExecError](err); !ok || v == nil {
		return ""
	}
	m := regexp.MustCompile(`can't evaluate field \w+ in type (\S+)$`).FindStringSubmatch(err.Error())
	if m == nil {
		return ""
	}
	t := within(reflect.TypeOf(v), m[1], 4)
	if t == nil {
		return ""
	}
	return "; there are " + strings.Join(fieldNames(t), ", ")
}

// within finds the type of that name in t, depth levels down at most; nil: none.
func within(t reflect.Type, name string, depth int) reflect.Type {
	if t.String() == name {
		return t
	}
	if depth == 0 {
		return nil
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return within(t.Elem(), name, depth)
	case reflect.Struct:
		for f := range t.Fields() {
			if found := within(f.Type, name, depth-1); found != nil && f.IsExported() {
				return found
			}
		}
	}
	return nil
}

// fieldNames are what a template may ask of a t: fields in their order, then methods.
func fieldNames(t reflect.Type) []string {
	var names []string
	for m := range t.Methods() {
		names = append(names, m.Name)
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return names
	}
	var fields []string
	for _, f := range reflect.VisibleFields(t) {
		if f.IsExported() && !f.Anonymous {
			fields = append(fields, f.Name)
		}
	}
	return append(fields, names...)
}
