package spec

import (
	"encoding/json"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// onLinux is specs.Spec without what is for other systems. What encoding/json
// learns of a type, it learns of all types below it, in every process anew: half
// of that was for Windows, Solaris, z/OS and FreeBSD.
type onLinux struct {
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

// Encode is the JSON of a Linux container's runtime configuration.
func Encode(s *specs.Spec) ([]byte, error) {
	return json.Marshal(&onLinux{
		s.Version, s.Process, s.Root, s.Hostname, s.Domainname, s.Mounts, s.Hooks, s.Annotations, s.Linux, s.VM,
	})
}

// Decode reads the JSON of a runtime configuration; what is not for Linux is
// passed over.
func Decode(data []byte) (*specs.Spec, error) {
	var l onLinux
	if err := json.Unmarshal(data, &l); err != nil {
		return nil, err
	}
	return &specs.Spec{
		Version: l.Version, Process: l.Process, Root: l.Root, Hostname: l.Hostname, Domainname: l.Domainname,
		Mounts: l.Mounts, Hooks: l.Hooks, Annotations: l.Annotations, Linux: l.Linux, VM: l.VM,
	}, nil
}
