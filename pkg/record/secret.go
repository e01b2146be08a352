package record

import "time"

// MaxSecret bounds a secret's content, bytes; podman's limit.
const MaxSecret = 512000

// StoredSecret is secrets/<name>.json: a secret for any container.
type StoredSecret struct {
	SchemaVersion int       `json:"schemaVersion"`
	Name          string    `json:"name"`
	Created       time.Time `json:"created"`
	Labels        Labels    `json:"labels,omitempty"`
	Data          []byte    `json:"data"` // base64 in the file; nobody prints it
}
