package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
)

// HostFile is the path of one of the files that Pouch makes for a container and
// binds into it: hosts, hostname, resolv.conf.
func (s *Store) HostFile(id, name string) string {
	return filepath.Join(s.ContainerDir(id), name)
}

// WriteHostFile replaces such a file before the container starts. It is made
// anew at every start, so it does not wait for the disk.
func (s *Store) WriteHostFile(id, name string, data []byte) error {
	return fsx.WriteVolatile(s.HostFile(id, name), data, 0o644)
}

// Hostname reads the host name of a container; empty: it has none.
func (s *Store) Hostname(id string) string {
	text, _ := fsx.ReadAtMost(s.HostFile(id, "hostname"), MaxHosts)
	return strings.TrimSpace(string(text))
}

// SupervisorLog is what a supervisor has to say beside its duties, its last
// words if it should panic; it goes with the run folder.
func (s *Store) SupervisorLog(id string) string { return filepath.Join(s.RunDir(id), "supervisor.log") }

// OpenSupervisorLog makes that file anew.
func (s *Store) OpenSupervisorLog(id string) (*os.File, error) {
	return fsx.OpenOwn(s.SupervisorLog(id), os.O_TRUNC|os.O_APPEND)
}

// RemoveRun removes a container's sockets and its runtime's state. Idempotent.
func (s *Store) RemoveRun(id string) error {
	if !isID(id) {
		return errs.New(errs.Invalid, "%q is not a container id", id)
	}
	return errors.Join(os.RemoveAll(s.RunDir(id)), os.RemoveAll(filepath.Join(s.RuntimeDir(), id)))
}

// CgroupParent is the cgroup below which the containers of this store have
// theirs: /pouch, with a suffix for a run-root that is not the default one, so
// that several pouches on one host leave each other alone.
func (s *Store) CgroupParent() string {
	if s.RunRoot == DefaultRunRoot {
		return "/pouch"
	}
	sum := sha256.Sum256([]byte(s.RunRoot))
	return "/pouch-" + hex.EncodeToString(sum[:4])
}
