package container

import (
	"time"

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

	Rootfs     string        // a folder instead of Image
	AuthFile   string        // credentials of the pull; empty: the usual places
	CertDir    string        // certificates of the registry; empty: the usual places
	TLSVerify  *bool         // whether its certificate must be valid; nil: pouch-image decides
	Retry      *int          // further tries of a pull that failed for a while; nil: pouch-image's own
	RetryDelay time.Duration // between them; 0: it grows

	Name    string // empty: Pouch makes one
	ID      string // 64 hex; empty: Pouch makes one
	Replace bool   // a container of that name is removed first
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
	DiskQuotas  []record.DiskQuota
	QuotaID     int64    // as record.Container's
	Runtime     string   // as written
	VolumesFrom []string // container[:ro|rw] as written
	Links       []string // container[:alias] as written
	Secrets     []SecretSource
	Health      *record.Health // over the image's: a field that is zero is the image's
	NoHealth    bool           // no health check, whatever the image says
	Rich        *record.Rich

	Attach  []string        // of stdin, stdout and stderr; empty: all three
	Started func(id string) // told when a container in the foreground runs; nil: nobody is

	Detach   bool
	SigProxy bool // signals that the command gets go to the container's process
}

// SecretSource is a secret and where its content comes from.
type SecretSource struct {
	record.Secret
	Data     []byte // with Own
	Fallback string // a file with the content of one that is not stored; empty: none
}
