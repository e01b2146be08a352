package record

// VolumeQuota is the limit of a volume that is kept in a folder.
type VolumeQuota struct {
	Project uint32 `json:"project"`          // the kernel's id for what is limited
	Bytes   int64  `json:"bytes,omitempty"`  // 0: no limit
	Inodes  int64  `json:"inodes,omitempty"` // 0: no limit
}
