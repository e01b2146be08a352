package record

// Given is what was asked of a container's process where its image has a say,
// too: the container of another image is made of that image and this.
type Given struct {
	EntrypointSet bool     `json:"entrypointSet,omitempty"` // Entrypoint counts though it is empty, and no image's command does
	Entrypoint    []string `json:"entrypoint,omitempty"`
	Cmd           []string `json:"cmd,omitempty"`
	Env           []string `json:"env,omitempty"`        // K=V; a K alone removes the image's
	HostEnv       []string `json:"hostEnv,omitempty"`    // K=V, below the image's
	NoImageEnv    bool     `json:"noImageEnv,omitempty"` // the image's do not count
	Cwd           string   `json:"cwd,omitempty"`
	User          string   `json:"user,omitempty"`
	StopSignal    string   `json:"stopSignal,omitempty"`

	Health     *Health `json:"health,omitempty"` // over the image's: a field that is zero is the image's
	NoHealth   bool    `json:"noHealth,omitempty"`
	PublishAll bool    `json:"publishAll,omitempty"` // the image's ports, too, get one of the host's

	// ImageLabels are the labels that came from the image.
	ImageLabels Labels `json:"imageLabels,omitempty"`
}

// SnapshotKey is the key of the container's writable layer in containerd.
func (c *Container) SnapshotKey() string {
	if c.Snapshot != "" {
		return c.Snapshot
	}
	return c.ID
}

// SnapshotKeys are the keys that a container's writable layer may have: one is
// in use, and while its image is exchanged the other is made ready.
func SnapshotKeys(id string) []string { return []string{id, id + "-2"} }
