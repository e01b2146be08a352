// Package codec is the JSON of what every run writes and reads: a container's
// record and state, its networks and addresses, events, and its runtime configuration. What encoding/json learns of a
// type it learns in every process anew, and of all types below it: that took a
// process longer than its reading and writing. These types have code that was
// generated; all others go through encoding/json, and so does nothing here that
// comes from outside, such as an image's config.
package codec

import (
	"encoding/json"

	"github.com/mailru/easyjson/jlexer"
	"github.com/mailru/easyjson/jwriter"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// Marshal is json.Marshal; the keys of maps are in no order.
func Marshal(v any) ([]byte, error) {
	switch v := v.(type) {
	case *record.Container:
		return encode((*container)(v))
	case *record.State:
		return encode((*state)(v))
	case *record.Network:
		return encode((*network)(v))
	case *record.Lease:
		return encode((*lease)(v))
	case *record.Event:
		return encode((*event)(v))
	case *specs.Spec:
		return encode(&runtimeSpec{
			v.Version, v.Process, v.Root, v.Hostname, v.Domainname, v.Mounts, v.Hooks, v.Annotations, v.Linux, v.VM,
		})
	}
	return json.Marshal(v)
}

// Unmarshal is json.Unmarshal, but that the names of members have to be written
// exactly so, and that a string may have control characters. Of a runtime configuration what is not for Linux is passed over.
func Unmarshal(data []byte, v any) error {
	switch v := v.(type) {
	case *record.Container:
		return decode(data, (*container)(v))
	case *record.State:
		return decode(data, (*state)(v))
	case *record.Network:
		return decode(data, (*network)(v))
	case *record.Lease:
		return decode(data, (*lease)(v))
	case *record.Event:
		return decode(data, (*event)(v))
	case *specs.Spec:
		return unmarshalSpec(data, v)
	}
	return json.Unmarshal(data, v)
}

func unmarshalSpec(data []byte, s *specs.Spec) error {
	var l runtimeSpec
	if err := decode(data, &l); err != nil {
		return err
	}
	*s = specs.Spec{
		Version: l.Version, Process: l.Process, Root: l.Root, Hostname: l.Hostname, Domainname: l.Domainname,
		Mounts: l.Mounts, Hooks: l.Hooks, Annotations: l.Annotations, Linux: l.Linux, VM: l.VM,
	}
	return nil
}

// SchemaVersion reads a record's; one that has none gives 0.
func SchemaVersion(data []byte) (int, error) {
	var h head
	err := decode(data, &h)
	return h.SchemaVersion, err
}

func encode(v interface{ MarshalEasyJSON(*jwriter.Writer) }) ([]byte, error) {
	var w jwriter.Writer
	v.MarshalEasyJSON(&w)
	return w.BuildBytes()
}

func decode(data []byte, v interface{ UnmarshalEasyJSON(*jlexer.Lexer) }) error {
	l := jlexer.Lexer{Data: data}
	v.UnmarshalEasyJSON(&l)
	return l.Error()
}
