package container

import (
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

// Options is what Create and Run are asked for: checked values, the image not
// yet looked at.
type Options struct {
	Image    string // as written
	Platform string // os/arch[/variant]; empty: the host's
	Pull     string // missing (also when empty), always or never
	Quiet    bool   // no progress of the pull

	Name    string // empty: Pouch makes one
	CIDFile string // made with O_EXCL, holding the id without a newline; empty: none

	Process     spec.Overrides
	Host        record.Host // Hostname empty: the first 12 digits of the id, with UtsMode host the host's
	NetworkMode string      // as record.Container's, but container:NAME as written
	Networks    []record.Join
	Ports       []record.Port // to publish
	Exposed     []record.Port // --expose; HostPort is 0
	PublishAll  bool          // publish Exposed and the image's ports where the kernel chooses
	Mounts      []record.Mount
	Policy      record.Policy
	Annotations record.Labels
	Runtime     string // as written

	Detach   bool
	SigProxy bool // signals that the command gets go to the container's process
}
