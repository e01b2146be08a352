package record

// DiskQuota is one rule of --disk-quota, in PouchContainer's sense.
type DiskQuota struct {
	// Paths are "/" for the container's root and the destinations of volumes, or
	// regular expressions for them; empty: root and volumes together.
	Paths []string `json:"paths,omitempty"`
	Size  int64    `json:"size"` // bytes
}

// MinQuotaID is the least --quota-id that names a project: 2^24, as in
// PouchContainer.
const MinQuotaID = 1 << 24

// Project is what of a container counts for which of the kernel's projects.
type Project struct {
	Path string `json:"path"` // "/" or a volume's destination
	ID   uint32 `json:"id"`
	Size int64  `json:"size"` // bytes that the project may have
}
