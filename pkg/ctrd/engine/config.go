package engine

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/pouchcontainer/pouch/pkg/ctrd"
	"github.com/pouchcontainer/pouch/pkg/fsx"
	"github.com/pouchcontainer/pouch/pkg/store"
)

// config is the private containerd's configuration: nothing of the host's own
// containerd is read, and what a toolbox does not need is off. The restart
// monitor is off because it obeys labels that images can carry
// (CVE-2026-53488); NRI and CRI belong to a cluster's containerd. What was removed
// gives its room back at most five seconds later, for many runs at once.
const config = `version = 4
root = %q
state = %q
imports = []
oom_score = -999
disabled_plugins = [
  "io.containerd.grpc.v1.cri",
  "io.containerd.cri.v1.images",
  "io.containerd.cri.v1.runtime",
  "io.containerd.nri.v1.nri",
  "io.containerd.podsandbox.controller.v1.podsandbox",
  "io.containerd.monitor.container.v1.restart",
  "io.containerd.monitor.task.v1.cgroups",
  "io.containerd.image-verifier.v1.bindir",
  "io.containerd.tracing.processor.v1.otlp",
  "io.containerd.internal.v1.tracing",
  "io.containerd.internal.v1.opt",
  "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.snapshotter.v1.erofs",
  "io.containerd.differ.v1.erofs",
]

[debug]
  level = "warn"

[plugins]
  [plugins."io.containerd.server.v1.grpc"]
    address = %q
  [plugins."io.containerd.server.v1.ttrpc"]
    address = %q
  [plugins."io.containerd.gc.v1.scheduler"]
    startup_delay = "2s"
    schedule_delay = "5s"
    mutation_threshold = 200
    deletion_threshold = 1
  [plugins."io.containerd.shim.v1.manager"]
    socket_dir = %q

[timeouts]
  "io.containerd.timeout.shim.cleanup" = %q
`

// writeConfig makes the folders of the private containerd and its configuration
// file, whose path it returns.
func writeConfig(s *store.Store) (string, error) {
	run := filepath.Join(s.RunRoot, "containerd")
	root := filepath.Join(s.Root, "engine")
	if err := os.MkdirAll(run, 0o711); err != nil {
		return "", err
	}
	// Images and snapshots are no other user's to read (CVE-2024-25621).
	if err := os.MkdirAll(root, 0o700); err != nil {
		return "", err
	}
	if err := os.Chmod(root, 0o700); err != nil {
		return "", err
	}
	sock := Socket(s)
	if len(sock) > 100 {
		return "", fmt.Errorf("the socket's path %s is over 100 bytes: use a shorter --run-root", sock)
	}
	text := fmt.Sprintf(config, root, filepath.Join(run, "state"), sock, sock+".ttrpc", filepath.Join(run, "s"), ctrd.CleanupTime.String())
	path := configPath(s)
	return path, fsx.WriteVolatile(path, []byte(text), 0o600)
}

func configPath(s *store.Store) string { return filepath.Join(s.RunRoot, "containerd", "config.toml") }
