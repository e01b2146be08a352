package supervisor

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

// secretsPath is where a container finds the files of its secrets.
const secretsPath = "/run/secrets"

// secrets are what a container may read and nobody keeps for it: variables are
// put into the spec here alone, files lie on a tmpfs that is made for every life
// and that only the container has mounted.
type secrets struct {
	dir   string // where the tmpfs is made, in the bundle
	files []secretFile
}

type secretFile struct {
	path     string // below dir
	data     []byte
	uid, gid int // of the host
	mode     os.FileMode
}

// takeSecrets reads the contents and puts what the runtime does with them into
// the spec.
func (t *task) takeSecrets() error {
	if len(t.rec.Secrets) == 0 {
		return nil
	}
	s := &secrets{dir: filepath.Join(t.bundle, "secrets")}
	for i, sec := range t.rec.Secrets {
		data, err := t.secret(i)
		if err != nil {
			return err
		}
		if sec.Env {
			if slices.Contains(data, 0) {
				return errs.New(errs.Invalid, "secret %s: a variable cannot hold a NUL byte", sec.Name)
			}
			t.opts.Spec.Process.Env = mergeEnv(t.opts.Spec.Process.Env, []string{sec.Target + "=" + string(data)})
			continue
		}
		f, at, err := t.secretFile(i, data)
		if err != nil {
			return err
		}
		s.files = append(s.files, f)
		if at != "" {
			t.bindSecret(filepath.Join(s.dir, f.path), at)
		}
	}
	if slices.ContainsFunc(s.files, func(f secretFile) bool { return strings.HasPrefix(f.path, "run/") }) {
		t.bindSecret(filepath.Join(s.dir, "run"), secretsPath)
	}
	if len(s.files) > 0 {
		t.secrets = s
	}
	return nil
}

// secret is the content of the record's i-th.
func (t *task) secret(i int) ([]byte, error) {
	sec := t.rec.Secrets[i]
	if sec.Own {
		data, err := t.s.store.OwnSecret(t.id, i)
		if err != nil {
			return nil, fmt.Errorf("secret %s: %w", sec.Name, err)
		}
		return data, nil
	}
	v, err := t.s.store.Secret(sec.Name)
	if errs.Is(err, errs.NotFound) {
		return nil, errs.New(errs.NotFound, "no such secret: %s", sec.Name)
	}
	return v.Data, err
}

// secretFile is the file of the record's i-th secret; at is where to bind it
// when that is not below secretsPath, which is bound as a whole.
func (t *task) secretFile(i int, data []byte) (f secretFile, at string, err error) {
	sec := t.rec.Secrets[i]
	uid, ok1 := spec.ToHost(t.rec.Host.UIDMap, sec.UID)
	gid, ok2 := spec.ToHost(t.rec.Host.GIDMap, sec.GID)
	if !ok1 || !ok2 {
		return f, "", errs.New(errs.Invalid, "secret %s: the container's user namespace has no user %d or group %d", sec.Name, sec.UID, sec.GID)
	}
	f = secretFile{data: data, uid: int(uid), gid: int(gid), mode: os.FileMode(sec.Mode)}
	if f.mode == 0 {
		f.mode = 0o444
	}
	target := sec.Target
	if !path.IsAbs(target) {
		target = path.Join(secretsPath, target)
	}
	if rel, below := strings.CutPrefix(target, secretsPath+"/"); below {
		f.path = path.Join("run", rel)
		return f, "", nil
	}
	f.path = path.Join("else", strconv.Itoa(i))
	return f, target, nil
}

// bindSecret adds a read-only mount, before those that are to lie on it.
func (t *task) bindSecret(source, at string) {
	m := specs.Mount{
		Type: "bind", Source: source, Destination: at,
		Options: []string{"rbind", "rprivate", "ro", "nosuid", "nodev", "noexec"},
	}
	mounts := t.opts.Spec.Mounts
	i := slices.IndexFunc(mounts, func(o specs.Mount) bool { return strings.HasPrefix(o.Destination, at+"/") })
	if i < 0 {
		i = len(mounts)
	}
	t.opts.Spec.Mounts = slices.Insert(slices.Clip(mounts), i, m)
}

// expose makes the tmpfs for one life. hide takes it away as soon as the
// container has mounted it: from then on no path of the host leads to it.
func (s *secrets) expose() (hide func(), err error) {
	if s == nil {
		return func() {}, nil
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	tmpfs := mount.Mount{Type: "tmpfs", Source: "secrets", Options: []string{"nosuid", "nodev", "noexec", "noswap", "mode=0755"}}
	if err := tmpfs.At(s.dir); err != nil { // a kernel before 6.4 knows no noswap
		tmpfs.Options = slices.DeleteFunc(tmpfs.Options, func(o string) bool { return o == "noswap" })
		if err := tmpfs.At(s.dir); err != nil {
			return nil, err
		}
	}
	for _, f := range s.files {
		if err := f.write(s.dir); err != nil {
			s.hide()
			return nil, err
		}
	}
	return s.hide, nil
}

func (s *secrets) hide() {
	mount.UnmountAll(s.dir) //nolint:errcheck // deleting the bundle does it again
}

func (f secretFile) write(dir string) error {
	name := filepath.Join(dir, f.path)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	if _, err := out.Write(f.data); err != nil {
		return err
	}
	if err := out.Chown(f.uid, f.gid); err != nil {
		return err
	}
	return out.Chmod(f.mode)
}
