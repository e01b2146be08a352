package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func (s *Store) networkFile(name string) string {
	return filepath.Join(s.networks(), name+recordSuffix)
}

// CreateNetwork writes a network's record, durably; the name must be a valid
// file name. A name that is taken gives kind conflict.
func (s *Store) CreateNetwork(n *record.Network) error {
	n.SchemaVersion = record.SchemaVersion
	err := fsx.CreateJSON(s.networkFile(n.Name), n, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return errs.New(errs.Conflict, "network with name %s already exists", n.Name)
	}
	return err
}

// SetNetwork replaces a network's record, durably. The caller has the network's lock.
func (s *Store) SetNetwork(n *record.Network) error {
	n.SchemaVersion = record.SchemaVersion
	return fsx.WriteJSON(s.networkFile(n.Name), n, 0o600)
}

// shownID is how many digits of an id people and links are shown.
const shownID = 12

// Network reads a network's record. A missing one gives kind not_found.
func (s *Store) Network(name string) (*record.Network, error) {
	n := &record.Network{}
	if err := readJSON(s.networkFile(name), n); err != nil {
		return n, err
	}
	return n, belongs(s.networkFile(name), "the network's", n.Name == name && len(n.ID) >= shownID)
}

// NetworkNames lists every network on disk, broken ones too, sorted.
func (s *Store) NetworkNames() ([]string, error) {
	return records(s.networks(), "")
}

// RemoveNetwork removes a network's record, durably. Idempotent.
func (s *Store) RemoveNetwork(name string) error {
	if err := removeIfThere(s.networkFile(name)); err != nil {
		return err
	}
	return fsx.SyncDir(s.networks())
}

func (s *Store) leaseDir(network string) string { return filepath.Join(s.leases(), network) }

func (s *Store) leaseFile(network, ip string) string {
	return filepath.Join(s.leaseDir(network), ip)
}

// MakeLeases makes the folder of a network's leases; what is no folder in its place
// goes. Idempotent.
func (s *Store) MakeLeases(network string) error {
	if err := s.dropNoFolder(network); err != nil {
		return err
	}
	return os.MkdirAll(s.leaseDir(network), 0o711)
}

// dropNoFolder removes what is no folder in the place of a network's leases. Idempotent.
func (s *Store) dropNoFolder(network string) error {
	st, err := os.Lstat(s.leaseDir(network))
	if err != nil || st.IsDir() {
		return missingIsFine(err)
	}
	return removeIfThere(s.leaseDir(network))
}

func missingIsFine(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// RemoveLeases removes the folder of a network's leases, with what crashed
// commands left in it. While there is a lease it fails with kind in_use.
// Idempotent.
func (s *Store) RemoveLeases(network string) error {
	if err := s.dropNoFolder(network); err != nil {
		return err
	}
	entries, err := os.ReadDir(s.leaseDir(network))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !fsx.IsTemp(e.Name()) {
			return errs.New(errs.InUse, "network %s: the address %s is in use", network, e.Name())
		}
		if err := removeIfThere(s.leaseFile(network, e.Name())); err != nil {
			return err
		}
	}
	err = os.Remove(s.leaseDir(network))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errs.New(errs.InUse, "network %s: an address was taken just now", network)
	}
	return nil
}

// LeaseNetworks lists the names of the networks that have a folder of leases.
func (s *Store) LeaseNetworks() ([]string, error) {
	return list(s.leases(), func(network string) bool {
		st, err := os.Lstat(s.leaseDir(network))
		return err == nil && st.IsDir()
	})
}

// CreateLease takes an address; it fails with fs.ErrExist when it is taken and
// with fs.ErrNotExist without the folder of MakeLeases.
func (s *Store) CreateLease(network, ip string, l *record.Lease) error {
	return createVolatile(s.leaseFile(network, ip), l)
}

// ReplaceLease rewrites a lease that the caller has.
func (s *Store) ReplaceLease(network, ip string, l *record.Lease) error {
	return writeVolatile(s.leaseFile(network, ip), l)
}

// Lease reads a lease. A missing one gives kind not_found.
func (s *Store) Lease(network, ip string) (*record.Lease, error) {
	l := &record.Lease{}
	path := s.leaseFile(network, ip)
	if err := readJSON(path, l); err != nil {
		return l, err
	}
	return l, belongs(path, "a lease", l.Netns != "")
}

// Leases lists the addresses that are taken in a network.
func (s *Store) Leases(network string) ([]string, error) {
	dir, err := os.OpenFile(s.leaseDir(network), os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOTDIR) {
		return nil, nil
	}
	if err != nil {
		return nil, missingIsFine(err)
	}
	defer dir.Close()
	return listed(dir, func(string) bool { return true })
}

// RemoveLease gives an address back. Idempotent.
func (s *Store) RemoveLease(network, ip string) error {
	return removeIfThere(s.leaseFile(network, ip))
}

// NetnsIDs lists the names below NetnsDir.
func (s *Store) NetnsIDs() ([]string, error) {
	return list(s.NetnsDir(), func(string) bool { return true })
}

// LockLeases takes the lock under which leases of a network are removed. It
// fails with fs.ErrNotExist without the folder of MakeLeases.
func (s *Store) LockLeases(ctx context.Context, network string) (*fsx.Lock, error) {
	l, err := lockDir(ctx, s.leaseDir(network))
	if errors.Is(err, unix.ENOTDIR) {
		err = fs.ErrNotExist
	}
	return l, err
}

// LockRules takes the lock under which the packet rules are rendered from
// networks and leases. Who holds LockLeases too took that first.
func (s *Store) LockRules(ctx context.Context) (*fsx.Lock, error) { return lockDir(ctx, s.leases()) }

// RulesTurn is the work that LockRules is for.
func (s *Store) RulesTurn() fsx.Turn { return fsx.NewTurn(filepath.Join(s.locks(), "turn-rules")) }

// HostsTurn is the work that LockHosts is for, of one network.
func (s *Store) HostsTurn(network string) fsx.Turn {
	return fsx.NewTurn(filepath.Join(s.locks(), "turn-hosts-"+network))
}

// LockHosts takes the lock under which hosts files are rewritten from leases.
func (s *Store) LockHosts(ctx context.Context) (*fsx.Lock, error) {
	return lockDir(ctx, s.NetnsDir())
}

func lockDir(ctx context.Context, dir string) (*fsx.Lock, error) {
	ctx, cancel := context.WithTimeout(ctx, LockTimeout)
	defer cancel()
	l, err := fsx.LockDirWait(ctx, dir)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, errs.New(errs.Unavailable, "lock %s: held by another command for over %v", dir, LockTimeout)
	}
	return l, err
}

// OverwriteHosts rewrites the hosts file of a container in place: it is mounted
// into the container. A container without one is left so.
func (s *Store) OverwriteHosts(id string, text []byte) error {
	err := fsx.Overwrite(s.HostFile(id, "hosts"), text)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// OverwriteResolv rewrites the resolv.conf of a container in place: it may be
// mounted into the container already. A container without one is left so.
func (s *Store) OverwriteResolv(id string, text []byte) error {
	err := fsx.Overwrite(s.HostFile(id, "resolv.conf"), text)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Hosts reads the hosts file of a container, which may have written to it: one
// larger than MaxHosts gives fsx.ErrTooLarge.
func (s *Store) Hosts(id string) ([]byte, error) {
	return fsx.ReadAtMost(s.HostFile(id, "hosts"), MaxHosts)
}

// Resolv reads the resolv.conf of a container.
func (s *Store) Resolv(id string) ([]byte, error) {
	return fsx.ReadAtMost(s.HostFile(id, "resolv.conf"), MaxHosts)
}

// MaxHosts bounds a hosts file, bytes.
const MaxHosts = 1 << 20
