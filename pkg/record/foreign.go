package record

import "time"

// Foreign is what a volume of a driver other than local is to its driver, and
// how far the steps are that bring it here. A step is written down as asked
// for before it is asked for, so that nothing that a driver may have done is
// unknown to the next command.
type Foreign struct {
	ID       string `json:"id"`                 // of this volume alone, over all hosts: what retries are known by
	Asked    bool   `json:"asked,omitempty"`    // the driver was asked to make it
	Made     bool   `json:"made,omitempty"`     // and has
	Removing bool   `json:"removing,omitempty"` // the driver is being asked to remove it
	Given    bool   `json:"given,omitempty"`    // it was there before and stays when the volume is removed

	Handle   string            `json:"handle,omitempty"`  // the driver's name of it
	Context  map[string]string `json:"context,omitempty"` // what the driver wants to be told again
	Capacity int64             `json:"capacity,omitempty"`
	Source   *VolumeSource     `json:"source,omitempty"`   // what it is a copy of
	Block    bool              `json:"block,omitempty"`    // a device instead of a folder
	ReadOnly bool              `json:"readOnly,omitempty"` // nothing can be written to it

	Attached  bool              `json:"attached,omitempty"`  // this host may have it
	Attach    map[string]string `json:"attach,omitempty"`    // what the driver told of that
	Node      string            `json:"node,omitempty"`      // this host, to the driver
	Staged    bool              `json:"staged,omitempty"`    // it may be prepared on this host
	Published bool              `json:"published,omitempty"` // it may be at the volume's data
	Ready     string            `json:"ready,omitempty"`     // the boot in which all of this was done
	Mounted   bool              `json:"mounted,omitempty"`   // and the data was a mount point
	Grow      bool              `json:"grow,omitempty"`      // its file system has not followed its size yet
}

// Here reports whether the volume may be on this host.
func (f *Foreign) Here() bool { return f != nil && (f.Attached || f.Staged || f.Published) }

// VolumeSource is what a new volume has its content from, by the driver's names.
type VolumeSource struct {
	Snapshot string `json:"snapshot,omitempty"`
	Volume   string `json:"volume,omitempty"`
}

// Snapshot is snapshots/<name>.json: the content that a volume had. Its driver keeps it.
type Snapshot struct {
	SchemaVersion int               `json:"schemaVersion"`
	Name          string            `json:"name"`
	ID            string            `json:"id"` // of this snapshot alone, over all hosts
	Driver        string            `json:"driver"`
	Volume        string            `json:"volume"` // its name here
	Source        string            `json:"source"` // the driver's name of the volume
	Options       map[string]string `json:"options,omitempty"`
	Created       time.Time         `json:"created"`
	Asked         bool              `json:"asked,omitempty"` // the driver was asked to make it
	Made          bool              `json:"made,omitempty"`  // and has
	Removing      bool              `json:"removing,omitempty"`
	Handle        string            `json:"handle,omitempty"` // the driver's name of it
	Size          int64             `json:"size,omitempty"`
	Ready         bool              `json:"ready,omitempty"` // volumes can be made of it
}
