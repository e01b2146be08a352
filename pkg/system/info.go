package system

import (
	"context"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/ctrd"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
)

// Info is what `pouch-run info` tells, with docker's names.
type Info struct {
	Containers        int
	ContainersRunning int
	ContainersPaused  int
	ContainersStopped int
	Driver            string // snapshotter
	CgroupDriver      string
	CgroupVersion     string // 1 or 2
	KernelVersion     string
	OSType            string
	Architecture      string
	NCPU              int
	MemTotal          uint64 // bytes
	Name              string // of the host
	ServerVersion     string `json:",omitempty"` // of the containerd that runs, if one does
	PouchRootDir      string
	PouchRunRootDir   string
	DefaultRuntime    string
}

// Read looks at the host and at the containers of m.
func Read(ctx context.Context, m *container.Manager, address string) (*Info, error) {
	i := &Info{
		Driver: ctrd.Snapshotter, CgroupDriver: "cgroupfs", CgroupVersion: "1", OSType: runtime.GOOS,
		Architecture: runtime.GOARCH, NCPU: runtime.NumCPU(), DefaultRuntime: "runc",
		PouchRootDir: m.Store.Root, PouchRunRootDir: m.Store.RunRoot,
	}
	if cgroup.Unified() {
		i.CgroupVersion = "2"
	}
	if err := i.host(); err != nil {
		return nil, err
	}
	list, err := m.List(ctx, container.ListOpts{All: true})
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		i.count(c.State.Status)
	}
	if v, err := EngineVersion(ctx, m.Store, address); err == nil {
		i.ServerVersion = v
	}
	return i, nil
}

func (i *Info) host() (err error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return err
	}
	i.KernelVersion = unix.ByteSliceToString(u.Release[:])
	var m unix.Sysinfo_t
	if err := unix.Sysinfo(&m); err != nil {
		return err
	}
	i.MemTotal = uint64(m.Totalram) * uint64(m.Unit) //nolint:unconvert // as wide as the architecture has it
	i.Name, err = os.Hostname()
	return err
}

func (i *Info) count(s record.Status) {
	i.Containers++
	switch s {
	case record.Running, record.Restarting:
		i.ContainersRunning++
	case record.Paused:
		i.ContainersPaused++
	case record.Creating, record.Created, record.Exited, record.Removing:
		i.ContainersStopped++
	}
}
