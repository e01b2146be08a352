package netdev

import (
	"os"

	"golang.org/x/sys/unix"
)

// Enter moves the calling thread, which the caller has locked, to the network
// namespace at path, for good. A missing one gives kind not_found.
func Enter(path string) error {
	ns, _, err := openNetns(path)
	if err != nil {
		return err
	}
	defer ns.Close()
	return os.NewSyscallError("setns", unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET))
}

// Within runs do on a thread in the network namespace at path, so that sockets it
// makes are that one's. A missing one gives kind not_found.
func Within(path string, do func() error) error {
	ns, _, err := openNetns(path)
	if err != nil {
		return err
	}
	defer ns.Close()
	return within(ns, do)
}
