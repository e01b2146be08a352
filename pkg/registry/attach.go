package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.podman.io/storage/pkg/configfile"
)

// maxRegistriesFile bounds a file of registries.d, bytes.
const maxRegistriesFile = 1 << 20

// attaching has sigstore's signatures of the image at e kept beside it in its registry, as
// cosign does, unless registries.d(5) says something of this very image. All else that
// stands there counts: it is copied, into a folder below the end's TempDir. Of a place
// that is no registry nothing is to be done.
func (e *End) attaching() error {
	if e.Transport != Docker {
		return nil
	}
	ref, err := e.dockerRef()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(e.TempDir, "registries.d-")
	if err != nil {
		return err
	}
	image := ref.PolicyConfigurationIdentity()
	said, err := copyRegistriesDir(e.RegistriesDir, dir, image)
	if err != nil {
		return fmt.Errorf("registries.d: %w", err)
	}
	e.RegistriesDir = dir
	if said {
		return nil
	}
	data, err := json.Marshal(map[string]any{"docker": map[string]any{image: map[string]bool{"use-sigstore-attachments": true}}}) // JSON is YAML
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "pouch.yaml"), data, 0o600)
}

// copyRegistriesDir copies the files of registries.d, the machine's when from is empty,
// to a folder, and reports whether one of them names the image.
func copyRegistriesDir(from, to, image string) (said bool, err error) {
	files := configfile.File{
		Name: "registries", Extension: "yaml", DoNotLoadMainFiles: true, DoNotUseExtensionForConfigName: true,
		UserId: os.Geteuid(), CustomConfigFileDropInDirectory: from,
	}
	n := 0
	for item, err := range configfile.Read(&files) {
		if err != nil {
			return false, err
		}
		data, err := io.ReadAll(io.LimitReader(item.Reader, maxRegistriesFile+1))
		if err == nil && len(data) > maxRegistriesFile {
			err = errors.New("too large")
		}
		if err != nil {
			return false, fmt.Errorf("%s: %w", item.Name, err)
		}
		said = said || bytes.Contains(data, []byte(image))
		if err := os.WriteFile(filepath.Join(to, fmt.Sprintf("%04d.yaml", n)), data, 0o600); err != nil {
			return false, err
		}
		n++
	}
	return said, nil
}
