package supervisor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

// enrich makes a rich container of t: the environment for the shells of those who
// log in, and with a whole system its init as process 1 and the container's
// command as a thing that it runs. Everything is given by binds, the image stays
// as it is.
func (t *task) enrich() error {
	if t.rec.Rich == nil {
		return nil
	}
	root, err := os.OpenFile(t.opts.Rootfs, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := t.give("environment", "/etc/profile.d/pouchenv.sh", exports(t.opts.Spec.Process.Env), 0o644); err != nil {
		return err
	}
	if !spec.RichSystem(t.rec) {
		return nil
	}
	program, kind, err := findInit(root, t.rec.Rich.Mode)
	if err != nil {
		return err
	}
	p := t.opts.Spec.Process
	args, user := t.rec.Process.Args(), p.User
	p.Args = []string{program}
	spec.SetUser(p, 0, 0, nil)
	if t.rec.Process.StopSignal == "" {
		t.rec.Process.StopSignal = kind.stop
	}
	if len(args) == 0 || isInit(args[0]) {
		return nil // an image that is made for it
	}
	if kind.unit {
		return t.giveUnit(args, user)
	}
	return t.giveInittab(root, kind, args, user)
}

// initKind is how an init is spoken to.
type initKind struct {
	stop string // the signal upon which it takes the system down
	unit bool   // it runs units, else the lines of /etc/inittab
	id   string // of such a line
}

// findInit looks for the init of the image and says of what kind it is.
func findInit(root *os.File, mode string) (program string, kind initKind, err error) {
	programs := []string{"/sbin/init", "/usr/sbin/init", "/init"}
	if mode == spec.RichSystemd {
		programs = []string{"/usr/lib/systemd/systemd", "/lib/systemd/systemd"}
	}
	for _, program := range programs {
		h, err := mount.OpenInRoot(root, program)
		if err != nil {
			continue
		}
		st, serr := h.Stat()
		target, rerr := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", h.Fd()))
		h.Close()
		if serr != nil || rerr != nil || !st.Mode().IsRegular() || st.Mode()&0o111 == 0 {
			continue
		}
		switch filepath.Base(target) {
		case "systemd":
			return program, initKind{stop: "RTMIN+3", unit: true}, nil
		case "busybox":
			return program, initKind{stop: "USR2"}, nil
		}
		return program, initKind{stop: "PWR", id: "pouc"}, nil
	}
	return "", kind, errs.New(errs.Invalid, "--rich-mode %s: the image has no %s", mode, strings.Join(programs, " and no "))
}

// isInit reports whether a command is itself the init of a system.
func isInit(program string) bool {
	return slices.Contains([]string{"init", "systemd", "openrc-init", "runit-init"}, path.Base(program))
}

// giveHierarchy gives the container's part of systemd's hierarchy of cgroup v1, in
// which systemd makes its units' cgroups, to the root of the user namespace. With
// version 2 the runtime does the like.
func (t *task) giveHierarchy() error {
	if t.rec == nil || !spec.RichSystem(t.rec) || !t.mapped() {
		return nil
	}
	uid, _ := spec.ToHost(t.rec.Host.UIDMap, 0)
	gid, _ := spec.ToHost(t.rec.Host.GIDMap, 0)
	dir := spec.SystemdHierarchy + t.opts.Spec.Linux.CgroupsPath
	for _, name := range []string{"", "cgroup.procs", "tasks"} {
		if err := os.Chown(filepath.Join(dir, name), int(uid), int(gid)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("give the cgroup to the container: %w", err)
		}
	}
	return nil
}

// give writes a file for the container and binds it there, read-only.
func (t *task) give(name, at, text string, mode os.FileMode) error {
	dir := filepath.Join(t.s.store.ContainerDir(t.id), "rich")
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return err
	}
	file := filepath.Join(dir, name)
	if err := fsx.WriteVolatile(file, []byte(text), mode); err != nil {
		return fmt.Errorf("write the rich container's %s: %w", name, err)
	}
	t.opts.Spec.Mounts = append(t.opts.Spec.Mounts, specs.Mount{
		Destination: at, Type: "bind", Source: file, Options: []string{"bind", "rprivate", "ro", "nosuid", "nodev"},
	})
	return nil
}

// exports are the lines with which a shell sets env.
func exports(env []string) string {
	var out strings.Builder
	for _, kv := range env {
		key, val, _ := strings.Cut(kv, "=")
		if shellName(key) {
			fmt.Fprintf(&out, "export %s=%s\n", key, shellQuote(val))
		}
	}
	return out.String()
}

func shellName(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

const unitName = "pouch-command.service"

// giveUnit makes the command a unit that the system's default target wants:
// systemd.service(5), systemd.exec(5).
func (t *task) giveUnit(args []string, user specs.User) error {
	var u strings.Builder
	u.WriteString("[Unit]\nDescription=command of the container\n\n[Service]\nType=exec\n")
	words := make([]string, 0, len(args))
	for _, a := range args {
		words = append(words, unitQuote(a))
	}
	fmt.Fprintf(&u, "ExecStart=:%s\n", strings.Join(words, " "))
	fmt.Fprintf(&u, "WorkingDirectory=%s\nUser=%d\nGroup=%d\n", strings.ReplaceAll(t.opts.Spec.Process.Cwd, "%", "%%"), user.UID, user.GID)
	var groups []string
	for _, g := range user.AdditionalGids {
		groups = append(groups, fmt.Sprint(g))
	}
	fmt.Fprintf(&u, "SupplementaryGroups=%s\n", strings.Join(groups, " "))
	for _, kv := range t.opts.Spec.Process.Env {
		if key, _, _ := strings.Cut(kv, "="); shellName(key) {
			fmt.Fprintf(&u, "Environment=%s\n", unitQuote(kv))
		}
	}
	if t.rec.Process.TTY {
		u.WriteString("StandardOutput=journal+console\nStandardError=journal+console\n")
	}
	if err := t.give("unit", "/run/systemd/system/"+unitName, u.String(), 0o644); err != nil {
		return err
	}
	return t.give("wants", "/run/systemd/system/multi-user.target.d/50-pouch.conf", "[Unit]\nWants="+unitName+"\n", 0o644)
}

// unitQuote quotes a word for a unit: systemd.syntax(7), "Quoting", with specifiers.
func unitQuote(s string) string {
	r := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%", "\n", `\n`, "\r", `\r`, "\t", `\t`)
	return `"` + r.Replace(s) + `"`
}

// maxInittab bounds what is read of an image's file.
const maxInittab = 1 << 20

// giveInittab adds a line to the image's inittab(5) that runs the command, once.
// Busybox' and sysvinit's have the same form.
func (t *task) giveInittab(root *os.File, kind initKind, args []string, user specs.User) error {
	if user.UID != 0 {
		return errs.New(errs.Unsupported, "--rich-mode %s: the command of such a system runs as root: leave --user out, or use systemd", t.rec.Rich.Mode)
	}
	table, err := readIn(root, "/etc/inittab", maxInittab)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		table = "::sysinit:/bin/sh -c '[ ! -x /etc/init.d/rcS ] || exec /etc/init.d/rcS'\n"
	case err != nil:
		return fmt.Errorf("the image's /etc/inittab: %w", err)
	}
	const script = "/run/pouch-command"
	levels := ""
	if kind.id != "" {
		levels = "12345"
	}
	table = strings.TrimRight(table, "\n") + fmt.Sprintf("\n%s:%s:once:%s\n", kind.id, levels, script)
	if err := t.give("inittab", "/etc/inittab", table, 0o644); err != nil {
		return err
	}
	words := make([]string, 0, len(args))
	for _, a := range args {
		words = append(words, shellQuote(a))
	}
	p := t.opts.Spec.Process
	text := "#!/bin/sh\n" + exports(p.Env) + "cd " + shellQuote(p.Cwd) + " || exit\nexec " + strings.Join(words, " ") + "\n"
	return t.give("command", script, text, 0o755)
}

// readIn reads a regular file below root, which is not trusted.
func readIn(root *os.File, name string, most int64) (string, error) {
	h, err := mount.OpenInRoot(root, name)
	if err != nil {
		return "", err
	}
	defer h.Close()
	if st, err := h.Stat(); err != nil || !st.Mode().IsRegular() { // to open a fifo would wait
		return "", errs.New(errs.Invalid, "%s: it is no regular file", name)
	}
	f, err := mount.Reopen(h, unix.O_RDONLY|unix.O_CLOEXEC)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := fsx.ReadFileAtMost(f, most)
	return string(data), err
}
