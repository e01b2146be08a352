package codec

import (
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// After a change of these types, or of what is in them, say go generate;
// TestAsEncodingJSON fails until then.
//
//go:generate go run github.com/mailru/easyjson/easyjson@v0.9.2 -no_std_marshalers -output_filename generated.go coded.go
// The package easyjson itself would bring net/http.
//go:generate sed -i -e "/easyjson \"github.com/d" -e "/_ easyjson.Marshaler/d" generated.go

//easyjson:json
type container record.Container

//easyjson:json
type state record.State

//easyjson:json
type network record.Network

//easyjson:json
type lease record.Lease

//easyjson:json
type event record.Event

//easyjson:json
type head struct {
	SchemaVersion int `json:"schemaVersion"`
}

// runtimeSpec is specs.Spec without what is for other systems.
//
//easyjson:json
type runtimeSpec struct {
	Version     string            `json:"ociVersion"`
	Process     *specs.Process    `json:"process,omitempty"`
	Root        *specs.Root       `json:"root,omitempty"`
	Hostname    string            `json:"hostname,omitempty"`
	Domainname  string            `json:"domainname,omitempty"`
	Mounts      []specs.Mount     `json:"mounts,omitempty"`
	Hooks       *specs.Hooks      `json:"hooks,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Linux       *specs.Linux      `json:"linux,omitempty"`
	VM          *specs.VM         `json:"vm,omitempty"` // of runtimes that run one
}
