package record

// Upgrade is containers/<id>/upgrade.json: the intent of exchanging a container's
// image. As long as it is there Old is what the container goes back to, with its
// root, unless Step is UpgradeDone.
type Upgrade struct {
	SchemaVersion int         `json:"schemaVersion"`
	Step          UpgradeStep `json:"step"`
	Owner         Proc        `json:"owner"` // the command that does it; a dead one's work is finished by the next
	BootID        string      `json:"bootID"`
	Ran           bool        `json:"ran"` // the old container ran
	Old           Container   `json:"old"`
	New           Container   `json:"new"`

	// Networks and Ports are what the old container had when it ran.
	Networks []Joined `json:"networks,omitempty"`
	Ports    []Port   `json:"ports,omitempty"`
}

// UpgradeStep says how far an upgrade is.
type UpgradeStep string

// The steps.
const (
	UpgradePrepare UpgradeStep = "prepare" // the new root is being made; the old container is as it was
	UpgradeTrial   UpgradeStep = "trial"   // the old one is being stopped, or the new one has to prove itself
	UpgradeBack    UpgradeStep = "back"    // it has not; the old one is being put back
	UpgradeDone    UpgradeStep = "done"    // it has; what the old one had is being removed
)
