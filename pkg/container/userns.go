package container

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

const (
	// autoSize is how many ids a user namespace has that is chosen automatically.
	autoSize = 1 << 16
	// autoFirst to autoLast is where they are taken from when /etc/subuid gives
	// Pouch none: ids that systemd's UIDS-GIDS table leaves to nobody.
	autoFirst, autoLast = 0x70000000, 0x7ffdffff
)

// lockUserns is held from the choice of free ids until the record is written that
// takes them; nil when o chooses none.
func (m *Manager) lockUserns(ctx context.Context, o *Options) (unlock func(), err error) {
	if kind, _, _ := strings.Cut(o.Host.UsernsMode, ":"); kind != "auto" && kind != "keep-id" {
		return func() {}, nil
	}
	l, err := m.Store.Lock(ctx, "userns", "")
	if err != nil {
		return nil, err
	}
	return func() { l.Unlock() }, nil
}

// planUserns fills in the maps that UsernsMode asks for. user is whom the caller
// wants the command to run as, if he said so.
func (m *Manager) planUserns(c *record.Container, user string) error {
	h := &c.Host
	kind, arg, _ := strings.Cut(h.UsernsMode, ":")
	switch kind {
	case "", "host", "container": // maps of flags, none, or those of the other container
		return nil
	case "auto":
		return m.autoUserns(h, arg)
	case "keep-id":
		return m.keepID(c, user, arg)
	}
	maps, err := parse.IDMaps(h.UsernsMode)
	h.UIDMap, h.GIDMap = maps, maps
	return err
}

// autoUserns takes ids that no container has.
func (m *Manager) autoUserns(h *record.Host, arg string) error {
	set, err := parse.Settings("--userns auto", arg, "size")
	if err != nil {
		return err
	}
	size := uint32(autoSize)
	if n, ok := set["size"]; ok {
		size = n
	}
	uid, gid, err := m.freeIDs(size)
	if err != nil {
		return err
	}
	h.UIDMap = []record.IDMap{{Host: uid, Size: size}}
	h.GIDMap = []record.IDMap{{Host: gid, Size: size}}
	return nil
}

// freeIDs returns the first of size users and groups of the host that no
// container's record has.
func (m *Manager) freeIDs(size uint32) (uid, gid uint32, err error) {
	ids, err := m.Store.ContainerIDs()
	if err != nil {
		return 0, 0, err
	}
	var uids, gids []record.IDMap
	for _, id := range ids {
		if c, err := m.Store.Container(id); err == nil { // one that is broken does not run
			uids, gids = append(uids, c.Host.UIDMap...), append(gids, c.Host.GIDMap...)
		}
	}
	if uid, err = free(subordinate("/etc/subuid"), uids, size); err != nil {
		return 0, 0, fmt.Errorf("--userns: users: %w", err)
	}
	if gid, err = free(subordinate("/etc/subgid"), gids, size); err != nil {
		return 0, 0, fmt.Errorf("--userns: groups: %w", err)
	}
	return uid, gid, nil
}

// free returns the first id of size free ones in a row in one of ranges, of which
// Host and Size count.
func free(ranges, used []record.IDMap, size uint32) (uint32, error) {
	used = slices.Clone(used)
	slices.SortFunc(used, func(a, b record.IDMap) int { return int(int64(a.Host) - int64(b.Host)) })
	for _, r := range ranges {
		at, end := uint64(r.Host), uint64(r.Host)+uint64(r.Size)
		for _, u := range used {
			if uint64(u.Host) < at+uint64(size) && at < uint64(u.Host)+uint64(u.Size) {
				at = uint64(u.Host) + uint64(u.Size)
			}
		}
		if size > 0 && at+uint64(size) <= end {
			return uint32(at), nil
		}
	}
	return 0, errs.New(errs.Unavailable, "no %d free ids in a row: remove containers, ask for fewer with auto:size=N, or give pouch more in /etc/subuid and /etc/subgid", size)
}

// maxSubID bounds what is read of subuid(5).
const maxSubID = 1 << 20

// subordinate are the ids that the file gives to pouch, else to containers, as
// podman calls it, else Pouch's own.
func subordinate(file string) []record.IDMap {
	text, err := fsx.ReadAtMost(file, maxSubID)
	if err == nil {
		for _, name := range []string{"pouch", "containers"} {
			if own := subIDs(string(text), name); len(own) > 0 {
				return own
			}
		}
	}
	return []record.IDMap{{Host: autoFirst, Size: autoLast - autoFirst + 1}}
}

// subIDs are the lines name:first:count of subuid(5).
func subIDs(text, name string) []record.IDMap {
	var out []record.IDMap
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) != 3 || f[0] != name {
			continue
		}
		first, err1 := strconv.ParseUint(f[1], 10, 32)
		count, err2 := strconv.ParseUint(f[2], 10, 32)
		if err1 == nil && err2 == nil && first > 0 && first+count <= 1<<32-1 {
			out = append(out, record.IDMap{Host: uint32(first), Size: uint32(count)})
		}
	}
	return out
}

// keepID maps the user who called sudo to the same id in the container, or to
// the one that arg says, and is the container's user, over the image's, unless
// asked is another. The rest of the container's ids are free ones of the host.
func (m *Manager) keepID(c *record.Container, asked, arg string) error {
	user, err1 := strconv.ParseUint(os.Getenv("SUDO_UID"), 10, 31)
	group, err2 := strconv.ParseUint(os.Getenv("SUDO_GID"), 10, 31)
	if err1 != nil || err2 != nil || user == 0 {
		return errs.New(errs.Invalid, "--userns keep-id: there is no user to keep: it is for users who call with sudo (SUDO_UID)")
	}
	set, err := parse.Settings("--userns keep-id", arg, "uid", "gid")
	if err != nil {
		return err
	}
	uid, gid := uint32(user), uint32(group)
	if n, ok := set["uid"]; ok {
		uid = n
	}
	if n, ok := set["gid"]; ok {
		gid = n
	}
	size := max(autoSize, uid+1, gid+1)
	u, g, err := m.freeIDs(size)
	if err != nil {
		return err
	}
	c.Host.UIDMap, c.Host.GIDMap = keeping(u, size, uid, uint32(user)), keeping(g, size, gid, uint32(group))
	if asked == "" {
		c.Process.User = fmt.Sprintf("%d:%d", uid, gid)
	}
	return nil
}

// keeping maps 0 to size-1 to ids from first on, but id to host.
func keeping(first, size, id, host uint32) []record.IDMap {
	var out []record.IDMap
	if id > 0 {
		out = append(out, record.IDMap{Container: 0, Host: first, Size: id})
	}
	out = append(out, record.IDMap{Container: id, Host: host, Size: 1})
	if id+1 < size {
		out = append(out, record.IDMap{Container: id + 1, Host: first + id, Size: size - id - 1})
	}
	return out
}
