// Package network makes the networks that containers join: bridges with
// addresses, names, published ports and packet rules. What is joined is told by
// leases, one file an address on the run-root, each bound to a network
// namespace; links, rules and hosts files follow from records and leases and
// are made anew whenever they are missing.
package network

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// Default is the name of the network that containers join unless told otherwise.
const Default = "bridge"

// Driver is the name of the driver of native bridges.
const Driver = "bridge"

// Options of a network that this package knows, docker's names.
const (
	OptMTU        = "com.docker.network.driver.mtu"
	OptMasquerade = "com.docker.network.bridge.enable_ip_masquerade"
)

// Manager works on the networks of a store. It is cheap to make, keeps nothing,
// and is safe for use by any number of processes at once.
type Manager struct {
	s           *store.Store
	endsWithin  time.Duration // how long what is about to be given back is waited for
	connectTime time.Duration // how long a connection that is tried may take
}

// Open returns the manager of the networks in s. It does nothing yet.
func Open(s *store.Store) *Manager { return &Manager{s, endsWithin, connectTime} }

// Table is the name of the nftables table, family inet: pouch, with a suffix
// for a run-root that is not the default one, so that several pouches on one
// host leave each other alone.
func (m *Manager) Table() string {
	if m.s.RunRoot == store.DefaultRunRoot {
		return "pouch"
	}
	return "pouch-" + digest(m.s.RunRoot)[:8]
}

// alias says on a link that this pouch made it, and for whom.
func (m *Manager) alias(owner string) string { return "pouch " + m.s.RunRoot + " " + owner }

// aliasOf is the alias of a lease's link.
func (m *Manager) aliasOf(l *record.Lease) string {
	return m.alias(key(l.Container, l.Netns, l.NetnsInode))
}

// bridgeName derives the name of a network's bridge.
func (m *Manager) bridgeName(name, id string) string {
	if name == Default && m.s.RunRoot == store.DefaultRunRoot {
		return "pouch0"
	}
	return bridgePrefix + id[:12]
}

// Prefixes of the names of links; 12 hex digits of an id follow, and after
// vethPrefix one more character for every interface but the first.
const (
	bridgePrefix = "pb"
	vethPrefix   = "pv"
	vxlanPrefix  = "px"
	dummyPrefix  = "pd"
)

func digest(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}
