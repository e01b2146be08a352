package images

import (
	"context"
	"fmt"
	"strings"

	leasesapi "github.com/containerd/containerd/api/services/leases/v1"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/proc"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// LeasePrefix begins the ids of the leases under which images are fetched. The
// rest of an id names the process that fetches.
const LeasePrefix = "image-"

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

// Abandoned lists the leases in namespace ns of pulls that died.
func Abandoned(ctx context.Context, conn grpc.ClientConnInterface, ns string) ([]string, error) {
	ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(ctx, "containerd-namespace", ns), Timeout)
	defer cancel()
	w, err := here()
	if err != nil {
		return nil, err
	}
	resp, err := leasesapi.NewLeasesClient(conn).List(ctx, &leasesapi.ListRequest{})
	if err != nil {
		return nil, Fault(err, "list leases")
	}
	var out []string
	for _, l := range resp.Leases {
		if strings.HasPrefix(l.ID, LeasePrefix) && abandoned(l.ID, w) {
			out = append(out, l.ID)
		}
	}
	return out, nil
}

// Reap removes the leases of pulls that died, so that what they fetched is
// collected, and returns their ids. Idempotent.
func Reap(ctx context.Context, conn grpc.ClientConnInterface, ns string) ([]string, error) {
	ids, err := Abandoned(ctx, conn, ns)
	if err != nil {
		return nil, err
	}
	ctx = metadata.AppendToOutgoingContext(ctx, "containerd-namespace", ns)
	for _, id := range ids {
		_, err := leasesapi.NewLeasesClient(conn).Delete(ctx, &leasesapi.DeleteRequest{ID: id})
		if err := Fault(err, "remove lease "+id); err != nil && !errs.Is(err, errs.NotFound) {
			return nil, err
		}
	}
	return ids, nil
}
