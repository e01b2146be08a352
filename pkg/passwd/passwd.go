// Package passwd finds out who a container's process is: docker's USER grammar
// against the container's own etc/passwd and etc/group. Those files are hostile
// input: they are opened inside the root alone, must be regular, and are read to
// a limit. It is the only importer of moby/sys/user.
package passwd

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/moby/sys/user"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// User is whom a process runs as.
type User struct {
	UID, GID uint32
	// Groups are all supplementary groups, GID first: a process whose own group
	// is not among them could pass a rule that denies the group
	// (CVE-2022-36109, CVE-2023-25173).
	Groups []uint32
	Home   string // "/" when etc/passwd says none
}

// Resolve is ResolveAt in the folder rootfs.
func Resolve(rootfs, spec string, groups []string) (User, error) {
	root, err := os.Open(rootfs)
	if err != nil {
		return User{}, err
	}
	defer root.Close()
	return ResolveAt(root, spec, groups)
}

// ResolveAt looks spec up in etc/passwd and etc/group below root.
//
// spec is user, uid, user:group, uid:gid, uid:group or user:gid; empty is uid 0.
// What is a number is never looked up as a name, and a uid that etc/passwd does
// not know has gid 0. Without a group the user gets the supplementary groups
// that etc/group gives it. groups adds further ones, names or gids.
//
// A name that is not known, and an id beyond 2^31-1 (CVE-2024-40635), is
// errs.Invalid; so is a file that is not regular or over MaxFile. A file that is
// not there is empty.
func ResolveAt(root *os.File, spec string, groups []string) (User, error) {
	if strings.Count(spec, ":") > 1 {
		return User{}, errs.New(errs.Invalid, "user %q: want user[:group]", spec)
	}
	pw, err := read(root, "etc/passwd")
	if err != nil {
		return User{}, errs.New(errs.Invalid, "user %q: %w", spec, err)
	}
	gr, err := read(root, "etc/group")
	if err != nil {
		return User{}, errs.New(errs.Invalid, "user %q: %w", spec, err)
	}
	pw, gr = clean(pw, 2, 3), clean(gr, 2)
	u, err := user.GetExecUser(spec, nil, reader(pw), reader(gr))
	if err != nil {
		return User{}, lookupError("user", spec, err)
	}
	more, err := user.GetAdditionalGroups(groups, reader(gr))
	if err != nil {
		return User{}, lookupError("group", strings.Join(groups, ","), err)
	}
	return build(spec, u, append(u.Sgids, slices.Sorted(slices.Values(more))...))
}

// lookupError keeps moby's own text where it says all.
func lookupError(what, spec string, err error) error {
	if errors.Is(err, user.ErrNoPasswdEntries) || errors.Is(err, user.ErrNoGroupEntries) {
		return errs.New(errs.Invalid, "%w", err)
	}
	return errs.New(errs.Invalid, "%s %q: %w", what, spec, err)
}

// build checks every id: those of the files are as hostile as the spec.
func build(spec string, u *user.ExecUser, groups []int) (User, error) {
	out := User{Home: cmp.Or(u.Home, "/")}
	for _, id := range append([]int{u.Uid, u.Gid}, groups...) {
		if id < 0 || id > math.MaxInt32 {
			return User{}, errs.New(errs.Invalid, "user %q: id %d: %w", spec, id, user.ErrRange)
		}
	}
	out.UID, out.GID = uint32(u.Uid), uint32(u.Gid)
	seen := map[int]bool{}
	for _, g := range append([]int{u.Gid}, groups...) {
		if !seen[g] {
			seen[g] = true
			out.Groups = append(out.Groups, uint32(g))
		}
	}
	return out, nil
}

func reader(b []byte) io.Reader { return bytes.NewReader(b) }
