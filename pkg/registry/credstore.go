package registry

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/docker/docker-credential-helpers/client"
	"github.com/docker/docker-credential-helpers/credentials"
	"go.podman.io/image/v5/pkg/docker/config"
	"go.podman.io/image/v5/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// maxAuthFile bounds a file of credentials, bytes.
const maxAuthFile = 1 << 20

// hubKey is how docker calls its own registry where credentials are kept.
const hubKey = "https://index.docker.io/v1/"

// authFile is auth.json or docker's config.json, as far as it says where
// credentials are.
type authFile struct {
	path        string
	Auths       map[string]json.RawMessage `json:"auths"`
	CredHelpers map[string]string          `json:"credHelpers"`
	CredsStore  string                     `json:"credsStore"`
}

// readAuthFile reads what is there; of a missing or broken file nothing, for the
// library to complain about.
func readAuthFile(path string) authFile {
	f := authFile{path: path}
	r, err := os.Open(path)
	if err != nil {
		return f
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxAuthFile))
	if err == nil {
		err = json.Unmarshal(data, &f)
	}
	if err != nil {
		return authFile{path: path}
	}
	return f
}

// dockerConfig is the path of docker's config.json.
func dockerConfig() string {
	if dir := os.Getenv("DOCKER_CONFIG"); dir != "" {
		return filepath.Join(dir, "config.json")
	}
	return filepath.Join(os.Getenv("HOME"), ".docker", "config.json")
}

// fromStore fills in the credentials that docker's own store (credsStore of its
// config.json, of which the library knows nothing) has for a registry, unless
// others are known.
func fromStore(sys *types.SystemContext, host string) error {
	if host == "" || sys.DockerAuthConfig != nil {
		return nil
	}
	path := dockerConfig()
	if sys.AuthFilePath != "" {
		path = sys.AuthFilePath
	}
	f := readAuthFile(path)
	if f.CredsStore == "" || f.CredHelpers[host] != "" {
		return nil
	}
	if c, err := config.GetCredentials(sys, host); err != nil || c != (types.DockerAuthConfig{}) {
		return nil //nolint:nilerr // the library asks again, and tells
	}
	key := host
	if host == "docker.io" {
		key = hubKey
	}
	c, err := client.Get(client.NewShellProgramFunc(helperProgram(f.CredsStore)), key)
	if credentials.IsErrCredentialsNotFound(err) || errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return errs.New(errs.Denied, "credential store %s of %s: %w", helperProgram(f.CredsStore), path, err)
	}
	sys.DockerAuthConfig = &types.DockerAuthConfig{Username: c.Username, Password: c.Secret}
	if c.Username == "<token>" {
		sys.DockerAuthConfig = &types.DockerAuthConfig{IdentityToken: c.Secret}
	}
	return nil
}

func helperProgram(name string) string { return "docker-credential-" + name }
