package container

import (
	"fmt"
	"path"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// secretsDir is where the files of secrets are in a container, unless they name
// another place.
const secretsDir = "/run/secrets"

// planSecrets looks where the content of each secret is to come from, and puts
// the secrets into c. One that is not stored is read from its Fallback, and is
// then the container's own. A missing one is of kind not_found.
func (m *Manager) planSecrets(c *record.Container, o *Options) error {
	for i := range o.Secrets {
		s := &o.Secrets[i]
		if err := m.findSecret(s); err != nil {
			return err
		}
		if err := clash(c, s.Secret); err != nil {
			return err
		}
		c.Secrets = append(c.Secrets, s.Secret)
	}
	return nil
}

func (m *Manager) findSecret(s *SecretSource) error {
	if s.Own {
		return checkSecret(s.Name, s.Data)
	}
	_, err := m.storedSecret(s.Name)
	if !errs.Is(err, errs.NotFound) || s.Fallback == "" {
		return err
	}
	data, rerr := fsx.ReadAtMost(s.Fallback, record.MaxSecret)
	if rerr != nil {
		return errs.New(errs.NotFound, "no such secret: %s: it is not stored, and as a credential: %w", s.Name, rerr)
	}
	s.Own, s.Data = true, data
	return checkSecret(s.Name, data)
}

// clash refuses two things in one place.
func clash(c *record.Container, s record.Secret) error {
	at := secretPath(s)
	for _, o := range c.Secrets {
		if o.Env == s.Env && secretPath(o) == at {
			return errs.New(errs.Invalid, "secret %s: secret %s has the target %s", s.Name, o.Name, at)
		}
	}
	for _, mt := range c.Mounts {
		if !s.Env && path.Clean(mt.Destination) == at {
			return errs.New(errs.Invalid, "Duplicate mount point: %s", at)
		}
	}
	return nil
}

// secretPath is where a secret is in the container: a path, or a variable.
func secretPath(s record.Secret) string {
	if s.Env || path.IsAbs(s.Target) {
		return s.Target
	}
	return path.Join(secretsDir, s.Target)
}

// keepSecrets writes the contents that are the container's own. They are durable
// before the container is.
func (m *Manager) keepSecrets(id string, list []SecretSource) error {
	for i, s := range list {
		if !s.Own {
			continue
		}
		if err := m.Store.SetOwnSecret(id, i, s.Data); err != nil {
			return fmt.Errorf("keep secret %s: %w", s.Name, err)
		}
	}
	return nil
}
