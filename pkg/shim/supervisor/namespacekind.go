package supervisor

import (
	"os"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// ofKind gives kind invalid unless f is a namespace of the kind: ioctl_nsfs(2). The
// runtime would say so by a number of setns(2).
func ofKind(f *os.File, kind specs.LinuxNamespaceType) error {
	want := map[specs.LinuxNamespaceType]int{
		specs.NetworkNamespace: unix.CLONE_NEWNET, specs.PIDNamespace: unix.CLONE_NEWPID, specs.IPCNamespace: unix.CLONE_NEWIPC,
		specs.UTSNamespace: unix.CLONE_NEWUTS, specs.MountNamespace: unix.CLONE_NEWNS, specs.UserNamespace: unix.CLONE_NEWUSER,
		specs.CgroupNamespace: unix.CLONE_NEWCGROUP, specs.TimeNamespace: unix.CLONE_NEWTIME,
	}[kind]
	got, err := unix.IoctlRetInt(int(f.Fd()), unix.NS_GET_NSTYPE)
	if err == nil && got != want {
		return errs.New(errs.Invalid, "%s: it is not a %s namespace", f.Name(), kind)
	}
	return nil // what cannot be asked is left to the runtime
}

// pathOfKind is ofKind of the namespace at path.
func pathOfKind(path string, kind specs.LinuxNamespaceType) error {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil // as above
	}
	defer f.Close()
	return ofKind(f, kind)
}
