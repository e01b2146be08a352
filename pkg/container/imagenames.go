package container

import (
	"context"
	"os/exec"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/ctrd/engine"
	"github.com/pouchcontainer/pouch/pkg/libexec"
)

// ImageNames lists the images by name, for a shell to complete. It starts no
// containerd: where none runs there are no names.
func (m *Manager) ImageNames(ctx context.Context) []string {
	path, err := libexec.Find("pouch-image")
	if err != nil || m.address == "" && !engine.Running(m.Store) {
		return nil
	}
	args := append(m.imageGlobals(), "ls", "--format", "{{.Repository}}:{{.Tag}}")
	out, err := exec.CommandContext(ctx, path, args...).Output()
	if err != nil {
		return nil
	}
	return strings.Fields(string(out))
}

// imageGlobals are the global flags with which pouch-image sees the same state.
func (m *Manager) imageGlobals() []string {
	args := []string{"--root", m.Store.Root, "--run-root", m.Store.RunRoot}
	if m.address != "" {
		args = append(args, "--address", m.address)
	}
	return args
}
