// Package wire is what test/vm and its agent inside the machine say to each
// other over a virtio port: JSON values, one after the other.
package wire

// Port is the name of the virtio port.
const Port = "pouch"

// Request asks for a command, or with Kill for the end of the one that runs.
type Request struct {
	Args  []string `json:"args,omitempty"`
	Env   []string `json:"env,omitempty"` // all of it
	Dir   string   `json:"dir,omitempty"`
	Stdin []byte   `json:"stdin,omitempty"`
	Kill  bool     `json:"kill,omitempty"`
}

// Reply is a part of a command's output or its end; Boot alone says that an
// agent has come up.
type Reply struct {
	Boot   string `json:"boot,omitempty"` // the kernel's boot id
	Stdout []byte `json:"stdout,omitempty"`
	Stderr []byte `json:"stderr,omitempty"`
	Code   *int   `json:"code,omitempty"` // 128+n for signal n; 127: it could not be started
}
