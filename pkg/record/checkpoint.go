package record

import "time"

// Checkpoint is pouch.json in a checkpoint's folder.
type Checkpoint struct {
	SchemaVersion int       `json:"schemaVersion"`
	Name          string    `json:"name"`
	Created       time.Time `json:"created"`
	Container     string    `json:"container"`   // id
	ImageDigest   string    `json:"imageDigest"` // as Image.Digest
	TCPClose      bool      `json:"tcpClose,omitempty"`
}
