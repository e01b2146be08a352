package images

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/ctrd/rpc"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/wire"
)

// LeasePrefix begins the ids of the leases under which images are fetched. The
// rest of an id names the process that fetches.
const LeasePrefix = "image-"

// partialPrefix begins those of pulls that keep what they brought when they do not
// come to their end. A hash of what is pulled follows, then the process.
const partialPrefix = "partial-"

const leases = "/containerd.services.leases.v1.Leases/"

// lease is containerd.services.leases.v1.Lease, and a request that names one.
type lease struct {
	ID string `pb:"1"`
}

// LeaseID is the id of a lease for work of the running process; n tells its
// leases apart.
func LeaseID(n string) (string, error) {
	self, err := proc.Self()
	if err != nil {
		return "", err
	}
	w, err := here()
	if err != nil {
		return "", err
	}
	return leaseOf(self.Pid, self.Start, w) + n, nil
}

// PartialID is LeaseID for a pull of what is called name, which a later one goes on
// with.
func PartialID(name, n string) (string, error) {
	id, err := LeaseID(n)
	return partialOf(name) + strings.TrimPrefix(id, LeasePrefix), err
}

func partialOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return partialPrefix + hex.EncodeToString(sum[:5]) + "-"
}

// leaseOf is the id of a process's lease but for what tells its leases apart.
func leaseOf(pid int, start uint64, w world) string {
	return fmt.Sprintf("%s%d-%d-%s-%d-", LeasePrefix, pid, start, w.boot, w.pidns)
}

// world is where a pid means something.
type world struct {
	boot  string // the beginning of the boot's id
	pidns uint64 // inode of the pid namespace
}

func here() (world, error) {
	boot, err := proc.BootID()
	if err != nil {
		return world{}, err
	}
	var st unix.Stat_t
	if err := unix.Stat("/proc/self/ns/pid", &st); err != nil {
		return world{}, err
	}
	return world{strings.ReplaceAll(boot, "-", "")[:12], st.Ino}, nil
}

// abandoned reports whether the process that a lease's id names is gone. Of one
// in another pid namespace nothing can be said: its lease expires by itself.
func abandoned(id string, w world) bool {
	f := strings.SplitN(strings.TrimPrefix(id, LeasePrefix), "-", 5)
	if len(f) != 5 {
		return false
	}
	var p record.Proc
	var pidns uint64
	if _, err := fmt.Sscan(f[0]+" "+f[1]+" "+f[3], &p.Pid, &p.Start, &pidns); err != nil {
		return false
	}
	return f[2] != w.boot || pidns == w.pidns && !proc.Alive(p)
}

// Abandoned lists the leases in namespace ns of pulls that died and keep nothing.
func Abandoned(ctx context.Context, conn *rpc.Conn, ns string) ([]string, error) {
	return dead(ctx, conn, ns, LeasePrefix)
}

// Partial lists the leases of pulls of name, with an empty name of all, that did not
// come to their end and are no longer at work.
func Partial(ctx context.Context, conn *rpc.Conn, ns, name string) ([]string, error) {
	if name == "" {
		return dead(ctx, conn, ns, partialPrefix)
	}
	return dead(ctx, conn, ns, partialOf(name))
}

// dead lists the leases whose ids begin so and whose processes are gone.
func dead(ctx context.Context, conn *rpc.Conn, ns, prefix string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	w, err := here()
	if err != nil {
		return nil, err
	}
	var resp struct {
		Leases []lease `pb:"1"`
	}
	if err := conn.Call(ctx, leases+"List", inNamespace(ns), wire.Empty{}, &resp); err != nil {
		return nil, of(conn, err, "list leases")
	}
	var out []string
	for _, l := range resp.Leases {
		if strings.HasPrefix(l.ID, prefix) && abandoned(ofProcess(l.ID), w) {
			out = append(out, l.ID)
		}
	}
	return out, nil
}

// ofProcess is the id without what is pulled.
func ofProcess(id string) string {
	rest, ok := strings.CutPrefix(id, partialPrefix)
	if !ok {
		return id
	}
	_, process, _ := strings.Cut(rest, "-")
	return LeasePrefix + process
}

// Reap removes the leases of pulls that died, so that what they fetched is
// collected, and returns their ids. Idempotent.
func Reap(ctx context.Context, conn *rpc.Conn, ns string) ([]string, error) {
	ids, err := Abandoned(ctx, conn, ns)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		err := conn.Call(ctx, leases+"Delete", inNamespace(ns), lease{id}, &wire.Empty{})
		if err := of(conn, err, "remove lease "+id); err != nil && !errs.Is(err, errs.NotFound) {
			return nil, err
		}
	}
	return ids, nil
}
