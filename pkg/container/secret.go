package container

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// SecretInfo is what may be told of a stored secret.
type SecretInfo struct {
	Name    string
	Created time.Time
	Labels  record.Labels
	Size    int      // bytes
	UsedBy  []string // ids of the containers that name it
}

// CreateSecret stores a secret of at most record.MaxSecret bytes, durably. One
// of that name is replaced with replace, and gives kind conflict without.
func (m *Manager) CreateSecret(name string, data []byte, labels record.Labels, replace bool) error {
	if _, err := parse.SecretName(name); err != nil {
		return err
	}
	if err := checkSecret(name, data); err != nil {
		return err
	}
	v := &record.StoredSecret{Name: name, Created: time.Now().UTC(), Labels: labels, Data: data}
	err := m.Store.CreateSecret(v, replace)
	if errors.Is(err, fs.ErrExist) {
		return errs.New(errs.Conflict, "secret %s: it exists: --replace gives it another content", name)
	}
	if err != nil {
		return fmt.Errorf("store secret %s: %w", name, err)
	}
	return nil
}

// checkSecret refuses an empty secret and one that is too large.
func checkSecret(name string, data []byte) error {
	if len(data) == 0 || len(data) > record.MaxSecret {
		return errs.New(errs.Invalid, "secret %s: its content must be larger than 0 and at most %d bytes", name, record.MaxSecret)
	}
	return nil
}

// Secrets lists the stored secrets, sorted by name. Broken ones are told in
// broken.
func (m *Manager) Secrets() (list []*SecretInfo, broken []error, err error) {
	names, err := m.Store.SecretNames()
	if err != nil {
		return nil, nil, err
	}
	users, err := m.secretUsers()
	if err != nil {
		return nil, nil, err
	}
	for _, n := range names {
		v, err := m.Store.Secret(n)
		switch {
		case errs.Is(err, errs.NotFound): // removed just now
		case err != nil:
			broken = append(broken, fmt.Errorf("secret %s: %w", n, err))
		default:
			list = append(list, secretInfo(v, users))
		}
	}
	return list, broken, nil
}

func secretInfo(v *record.StoredSecret, users map[string][]string) *SecretInfo {
	return &SecretInfo{Name: v.Name, Created: v.Created, Labels: v.Labels, Size: len(v.Data), UsedBy: users[v.Name]}
}

// InspectSecret tells about one stored secret, never its content.
func (m *Manager) InspectSecret(name string) (*SecretInfo, error) {
	v, err := m.storedSecret(name)
	if err != nil {
		return nil, err
	}
	users, err := m.secretUsers()
	return secretInfo(v, users), err
}

func (m *Manager) storedSecret(name string) (*record.StoredSecret, error) {
	if _, err := parse.SecretName(name); err != nil {
		return nil, err
	}
	v, err := m.Store.Secret(name)
	if errs.Is(err, errs.NotFound) {
		return nil, errs.New(errs.NotFound, "no such secret: %s", name)
	}
	return v, err
}

// RemoveSecret removes a stored secret. One that a container names gives kind
// in_use.
func (m *Manager) RemoveSecret(name string) error {
	if _, err := parse.SecretName(name); err != nil {
		return err
	}
	users, err := m.secretUsers()
	if err != nil {
		return err
	}
	if by := users[name]; len(by) > 0 {
		for i, id := range by {
			by[i] = short(id)
		}
		return errs.New(errs.InUse, "secret %s: used by %s", name, strings.Join(by, ", "))
	}
	err = m.Store.RemoveSecret(name)
	if errors.Is(err, fs.ErrNotExist) {
		return errs.New(errs.NotFound, "no such secret: %s", name)
	}
	return err
}

// secretUsers are the ids of containers by the stored secrets that they name.
func (m *Manager) secretUsers() (map[string][]string, error) {
	ids, err := m.Store.ContainerIDs()
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for _, id := range ids {
		c, err := m.Store.Container(id)
		if err != nil || len(c.Secrets) == 0 || m.ends(id) {
			continue // a broken one will never start, nor will one that is on its way out
		}
		for _, s := range c.Secrets {
			if !s.Own && !slices.Contains(out[s.Name], id) {
				out[s.Name] = append(out[s.Name], id)
			}
		}
	}
	return out, nil
}
