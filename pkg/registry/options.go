package registry

import (
	"net"
	"os"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	"go.podman.io/image/v5/pkg/sysregistriesv2"
	"go.podman.io/image/v5/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/manifest"
)

// Options says how to reach registries.
type Options struct {
	Creds     string // user:password; empty: from the files
	AuthFile  string // empty: REGISTRY_AUTH_FILE, then the usual places, ~/.docker/config.json among them
	CertDir   string // folder with *.crt, *.cert, *.key; empty: certs.d
	TLSVerify *bool  // nil: as registries.conf says, and not for loopback
	Policy    string // policy.json; empty: the system's, or accept all when there is none
	Platform  string // os/arch[/variant]; empty: this machine's
	All       bool   // of an index every image, and not the one of Platform alone
	Retry     int    // how often to try again after a failure that may pass

	RetryDelay time.Duration // before each further try; 0: 1 s, doubling up to 30 s, give or take

	UserAgent     string
	RegistriesDir string // registries.d, where signatures are; empty: the usual one

	TempDir string        // for what must be spooled
	Idle    time.Duration // how long nothing may come; 0: IdleTimeout
}

func (o Options) idle() time.Duration {
	if o.Idle > 0 {
		return o.Idle
	}
	return IdleTimeout
}

// noCache makes the library keep what it learns about blobs in memory: a folder
// that cannot be made.
const noCache = "/proc/self/no-cache"

func (o Options) system(host string) (*types.SystemContext, error) {
	if o.AuthFile != "" {
		if _, err := os.Stat(o.AuthFile); err != nil {
			return nil, errs.New(errs.Invalid, "--authfile: %w", err)
		}
	}
	sys, err := o.writable(host)
	if err != nil {
		return nil, err
	}
	return sys, fromStore(sys, host)
}

// writable is system, with an AuthFile that need not be there yet.
func (o Options) writable(host string) (*types.SystemContext, error) {
	logrus.SetLevel(logrus.ErrorLevel) // the library tells of reconnections and of mirrors that it passes over
	sys := &types.SystemContext{
		AuthFilePath:            o.AuthFile,
		DockerCertPath:          o.CertDir,
		DockerRegistryUserAgent: o.UserAgent,
		SignaturePolicyPath:     o.Policy,
		RegistriesDirPath:       o.RegistriesDir,
		BlobInfoCacheDir:        noCache,
		BigFilesTemporaryDir:    o.TempDir,
	}
	if sys.AuthFilePath == "" {
		sys.AuthFilePath = os.Getenv("REGISTRY_AUTH_FILE")
	}
	if err := o.credentials(sys); err != nil {
		return nil, err
	}
	if err := o.platform(sys); err != nil {
		return nil, err
	}
	switch {
	case o.TLSVerify != nil:
		sys.DockerInsecureSkipTLSVerify = types.NewOptionalBool(!*o.TLSVerify)
	case o.CertDir == "" && loopback(host) && staysHere(sys, host):
		sys.DockerInsecureSkipTLSVerify = types.OptionalBoolTrue
	}
	return sys, nil
}

func (o Options) credentials(sys *types.SystemContext) error {
	if o.Creds == "" {
		return nil
	}
	user, password, _ := strings.Cut(o.Creds, ":")
	if user == "" {
		return errs.New(errs.Invalid, "--creds: no user in it: give USER:PASSWORD")
	}
	sys.DockerAuthConfig = &types.DockerAuthConfig{Username: user, Password: password}
	return nil
}

func (o Options) platform(sys *types.SystemContext) error {
	sys.OSChoice = "linux"
	if o.Platform == "" {
		return nil
	}
	p, err := manifest.ParsePlatform(o.Platform)
	if err != nil {
		return err
	}
	sys.ArchitectureChoice, sys.VariantChoice = p.Arch, p.Variant
	return nil
}

// staysHere reports whether nothing that registries.conf has for the registry host,
// neither location nor mirror, is on another machine: the library has one word about
// certificates for all of them.
func staysHere(sys *types.SystemContext, host string) bool {
	all, err := sysregistriesv2.GetRegistries(sys)
	if err != nil {
		return true // nothing is asked then: it complains when it looks for the endpoints
	}
	for _, r := range all {
		if prefix, _, _ := strings.Cut(r.Prefix, "/"); prefix != host {
			continue
		}
		for _, e := range append([]sysregistriesv2.Endpoint{r.Endpoint}, r.Mirrors...) {
			if at, _, _ := strings.Cut(e.Location, "/"); at != "" && !loopback(at) {
				return false
			}
		}
	}
	return true
}

// loopback reports whether a registry is on this machine by its name: docker
// lets those go without a certificate (127.0.0.0/8).
func loopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
