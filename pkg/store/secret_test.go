package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestSecrets(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "r"), filepath.Join(t.TempDir(), "n"))
	if err != nil {
		t.Fatal(err)
	}
	v := &record.StoredSecret{Name: "a", Data: []byte("one")}
	if err := s.CreateSecret(v, false); err != nil {
		t.Fatal(err)
	}
	if err := s.CreateSecret(v, false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("created twice: %v", err)
	}
	v.Data = []byte("two")
	if err := s.CreateSecret(v, true); err != nil {
		t.Error(err)
	}
	if got, err := s.Secret("a"); err != nil || string(got.Data) != "two" {
		t.Errorf("%+v, %v", got, err)
	}
	if names, err := s.SecretNames(); err != nil || !slices.Equal(names, []string{"a"}) {
		t.Errorf("%q, %v", names, err)
	}
	for path, want := range map[string]fs.FileMode{s.secrets(): 0o700, s.secret("a"): 0o600} {
		if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, fi.Mode(), err)
		}
	}
	if err := os.WriteFile(s.secret("b"), []byte(`{"name":"a"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Secret("b"); !errs.Is(err, errs.Corrupt) {
		t.Errorf("another one's record: %v", err)
	}
	if err := errors.Join(s.RemoveSecret("a"), s.RemoveSecret("b")); err != nil {
		t.Error(err)
	}
	if err := s.RemoveSecret("a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removed twice: %v", err)
	}
	if _, err := os.Stat(s.secrets()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder of no secrets: %v", err)
	}
}

// TestSecretsAtOnce makes and removes: the folder goes with the last one.
func TestSecretsAtOnce(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "r"), filepath.Join(t.TempDir(), "n"))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			v := &record.StoredSecret{Name: strings.Repeat("x", i+1), Data: []byte("d")}
			for range 25 {
				if err := errors.Join(s.CreateSecret(v, false), s.RemoveSecret(v.Name)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestOwnSecret(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "r"), filepath.Join(t.TempDir(), "n"))
	if err != nil {
		t.Fatal(err)
	}
	id := strings.Repeat("a", 64)
	if err := os.Mkdir(s.ContainerDir(id), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.SetOwnSecret(id, 1, []byte("mine")); err != nil {
		t.Fatal(err)
	}
	if data, err := s.OwnSecret(id, 1); err != nil || string(data) != "mine" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := s.OwnSecret(id, 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("one that is not there: %v", err)
	}
	if err := s.RemoveContainer(id); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(s.ContainerDir(id)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is there after its container: %v", err)
	}
}
