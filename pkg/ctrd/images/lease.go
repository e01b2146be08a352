package images

import (
	"context"
	"fmt"
	"strings"

	leasesapi "github.com/containerd/containerd/api/services/leases/v1"
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
	boot, err := proc.BootID()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s%d-%d-%s-%s", LeasePrefix, self.Pid, self.Start, short(boot), n), nil
}

func short(boot string) string { return strings.ReplaceAll(boot, "-", "")[:12] }

// abandoned reports whether the process that a lease's id names is gone.
func abandoned(id, boot string) bool {
	var p record.Proc
	f := strings.SplitN(strings.TrimPrefix(id, LeasePrefix), "-", 4)
	if len(f) != 4 {
		return false
	}
	if _, err := fmt.Sscanf(f[0]+" "+f[1], "%d %d", &p.Pid, &p.Start); err != nil {
		return false
	}
	return f[2] != short(boot) || !proc.Alive(p)
}

// Abandoned lists the leases in namespace ns of pulls that died.
func Abandoned(ctx context.Context, conn grpc.ClientConnInterface, ns string) ([]string, error) {
	ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(ctx, "containerd-namespace", ns), Timeout)
	defer cancel()
	boot, err := proc.BootID()
	if err != nil {
		return nil, err
	}
	resp, err := leasesapi.NewLeasesClient(conn).List(ctx, &leasesapi.ListRequest{})
	if err != nil {
		return nil, Fault(err, "list leases")
	}
	var out []string
	for _, l := range resp.Leases {
		if strings.HasPrefix(l.ID, LeasePrefix) && abandoned(l.ID, boot) {
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
