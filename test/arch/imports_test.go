package arch

import (
	"sort"
	"strings"
	"testing"
)

// rank orders the packages: an import goes to a lower rank, or stays inside one
// owner's folder. Leaves are below 10, data below 20, means below 30, nouns
// below 40, fronts above.
func rank() map[string]int {
	return map[string]int{
		"pkg/errs": 0, "pkg/record": 0,
		"pkg/fsx": 1, "pkg/proc": 1, "pkg/libexec": 1, "pkg/parse": 1, "pkg/imageref": 1, "pkg/manifest": 1,
		"pkg/systemd": 1, "pkg/wire": 1, "pkg/codec": 1,
		"pkg/store": 10, "pkg/ctl": 10, "pkg/spec": 11, "pkg/passwd": 11,
		"pkg/mount": 20, "pkg/netdev": 20, "pkg/stdio": 20, "pkg/ctrd": 21, "pkg/registry": 21,
		"pkg/archive": 21, "pkg/lxcfs": 21, "pkg/unpack": 20, "pkg/stargz": 20, "pkg/cdi": 20, "pkg/events": 20, "pkg/quota": 21, "pkg/plugin": 20, "pkg/cni": 20, "pkg/resolver": 20, "pkg/netplugin": 25, "pkg/csi": 25, "pkg/volplugin": 25,
		"pkg/network": 30, "pkg/volume": 30, "pkg/image": 30, "pkg/shim": 35, "pkg/container": 36, "pkg/system": 37,
		"pkg/cmd":   40,
		"pouch-run": 50, "pouch-image": 50, "pouch-net": 50, "pouch-vol": 50, "pouch-shim": 50,
	}
}

func TestImportsPointDown(t *testing.T) {
	ranks := rank()
	for _, p := range production(t) {
		from := owner(p.path())
		r, known := ranks[from]
		if !known {
			t.Errorf("%s has no rank: give it one in test/arch", from)
			continue
		}
		for _, i := range p.Imports {
			if !own(i) {
				continue
			}
			to := owner(strings.TrimPrefix(i, module))
			if to != from && ranks[to] >= r {
				t.Errorf("%s imports %s, which is not below it", p.path(), to)
			}
		}
	}
}

// shared are the outside modules that anybody may import, with the reason.
func shared() map[string]string {
	return map[string]string{
		"golang.org/x/sys":                       "the kernel's interface",
		"github.com/moby/sys/signal":             "names of the kernel's signals",
		"github.com/moby/sys/capability":         "names of the kernel's capabilities",
		"golang.org/x/sync":                      "errgroup, as if of the standard library",
		"golang.org/x/term":                      "the kernel's terminals",
		"github.com/opencontainers/runtime-spec": "plain data",
		"github.com/opencontainers/image-spec":   "plain data",
		"github.com/opencontainers/go-digest":    "plain data",
		"github.com/urfave/cli/v2":               "pkg/cmd frames it, verbs declare their flags with it",
		"github.com/docker/go-units":             "sizes and times in words",
		"github.com/containerd/containerd/api":   "generated messages, of pouch-image alone",
		"google.golang.org/protobuf":             "as above",
		"github.com/sirupsen/logrus":             "libraries log with it, and are told not to",
		"google.golang.org/grpc":                 "as above",
	}
}

func TestOneImporterEach(t *testing.T) {
	importers := map[string]map[string]bool{}
	modules := map[string]string{}
	for _, p := range list(t, "-deps", "./...") {
		if !p.Standard && p.Module != nil {
			modules[p.ImportPath] = p.Module.Path
		}
	}
	for _, p := range production(t) {
		for _, i := range p.Imports {
			m := modules[i]
			if m == "" || own(i) || shared()[m] != "" {
				continue
			}
			if importers[m] == nil {
				importers[m] = map[string]bool{}
			}
			importers[m][owner(p.path())] = true
		}
	}
	for m, by := range importers {
		if len(by) > 1 {
			t.Errorf("%s has %d importers: %s", m, len(by), strings.Join(keys(by), ", "))
		}
	}
}

func keys(m map[string]bool) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// notLinked says what a binary must not contain: weight at its start.
func notLinked() map[string][]string {
	client := []string{"github.com/containerd/containerd/v2", "go.opentelemetry.io/", "k8s.io/", "go.podman.io/"}
	return map[string][]string{
		"pouch-run": append([]string{"github.com/opencontainers/runc", "github.com/google/go-containerregistry", "github.com/containerd/containerd/", "google.golang.org/", "net/http"}, client...),
		// CNI's library brings parts of go.opentelemetry.io, docker's plugins speak HTTP.
		"pouch-net":  {"github.com/containerd/containerd/", "google.golang.org/grpc", "google.golang.org/protobuf", "github.com/containerd/containerd/v2", "k8s.io/", "go.podman.io/"},
		"pouch-vol":  append([]string{"github.com/containerd/containerd/", "github.com/onsi/"}, client...),
		"pouch-shim": append([]string{"github.com/containerd/containerd/", "google.golang.org/", "net/http"}, client...),
		"pouch-shim/containerd-shim-pouch-v2": append([]string{
			"google.golang.org/", "github.com/containerd/", "github.com/opencontainers/", "net/http", "crypto/tls",
		}, client...),
	}
}

func TestBinariesLinkLittle(t *testing.T) {
	for dir, banned := range notLinked() {
		for _, p := range list(t, "./"+dir) {
			if len(p.GoFiles)+len(p.CgoFiles) == 0 {
				t.Errorf("%s: no program there", dir)
			}
			for _, d := range p.Deps {
				for _, b := range banned {
					if strings.HasPrefix(d, b) {
						t.Errorf("%s links %s", dir, d)
					}
				}
			}
		}
	}
}
