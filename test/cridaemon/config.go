package cridaemon

import (
	"fmt"
	"os"
	"path/filepath"
)

// config has what a cluster's node has, and nothing of the machine's: this
// containerd's own folders, Pouch's shim as the only runtime, one folder of CNI
// configurations. Not every place where tests run may lower oom_score_adj.
const config = `version = 4
root = %[1]q
state = %[2]q
imports = []
disabled_plugins = [
  "io.containerd.nri.v1.nri",
  "io.containerd.internal.v1.opt",
  "io.containerd.tracing.processor.v1.otlp",
  "io.containerd.internal.v1.tracing",
  "io.containerd.monitor.container.v1.restart",
  "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.snapshotter.v1.erofs",
  "io.containerd.differ.v1.erofs",
]

[debug]
  level = "info"

[plugins]
  [plugins."io.containerd.server.v1.grpc"]
    address = %[3]q
  [plugins."io.containerd.server.v1.ttrpc"]
    address = "%[3]s.ttrpc"
  [plugins."io.containerd.shim.v1.manager"]
    socket_dir = %[4]q
  [plugins."io.containerd.cri.v1.images"]
    snapshotter = "overlayfs"
    [plugins."io.containerd.cri.v1.images".pinned_images]
      sandbox = %[5]q
  [plugins."io.containerd.cri.v1.runtime"]
    disable_apparmor = true
    restrict_oom_score_adj = true
    netns_mounts_under_state_dir = true
    [plugins."io.containerd.cri.v1.runtime".cni]
      bin_dirs = [%[6]q]
      conf_dir = %[7]q
      use_internal_loopback = true
    [plugins."io.containerd.cri.v1.runtime".containerd]
      default_runtime_name = "pouch"
      [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.pouch]
        runtime_type = "io.containerd.pouch.v2"
        runtime_path = %[8]q
`

// prepare makes the daemon's folders and files.
func (d *Daemon) prepare(o Options) error {
	for _, sub := range []string{"net.d", "cnibin"} {
		if err := os.MkdirAll(filepath.Join(d.dir, sub), 0o700); err != nil {
			return err
		}
	}
	if err := os.Symlink(filepath.Join(o.Bin, "pouch-net"), filepath.Join(d.dir, "cnibin", "pouch")); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(d.dir, "net.d", "10-pods.conflist"), []byte(o.CNI), 0o600); err != nil {
		return err
	}
	at := func(name string) string { return filepath.Join(d.dir, name) }
	text := fmt.Sprintf(config, at("root"), at("state"), d.socket(), at("s"), Image,
		at("cnibin"), at("net.d"), filepath.Join(o.Bin, "containerd-shim-pouch-v2"))
	return os.WriteFile(at("config.toml"), []byte(text), 0o600)
}
