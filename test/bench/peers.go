package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/pouchcontainer/pouch/test/harness"
)

// bare runs an OCI runtime by itself on a plain folder, with the runtime's own
// default spec: new namespaces (an empty network among them), no seccomp.
func bare(name, program, version, rootfs, dir string) *contender {
	return &contender{
		name: name,
		setup: func() error {
			if err := os.MkdirAll(filepath.Join(dir, "state"), 0o755); err != nil {
				return err
			}
			return writeSpec(program, version, rootfs, dir, "true")
		},
		command: func(n int) *exec.Cmd {
			return exec.Command(program, "--root", filepath.Join(dir, "state"), "run", "--bundle", dir,
				"pouch-bench-"+strconv.Itoa(os.Getpid())+"-"+strconv.Itoa(n))
		},
	}
}

// writeSpec makes dir a bundle by `runtime spec`, changed to run args.
func writeSpec(program, version, rootfs, dir string, args ...string) error {
	if _, err := exec.LookPath(program); err != nil {
		return errors.New("not installed")
	}
	c := exec.Command(program, "spec")
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s spec: %w: %s", program, err, out)
	}
	path := filepath.Join(dir, "config.json")
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var spec map[string]any
	if err := json.Unmarshal(b, &spec); err != nil {
		return err
	}
	process, ok := spec["process"].(map[string]any)
	if !ok {
		return errors.New("the spec has no process")
	}
	process["terminal"], process["args"] = false, args
	spec["root"] = map[string]any{"path": rootfs, "readonly": true}
	spec["ociVersion"] = version
	if b, err = json.Marshal(spec); err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o644)
}

// podmanCmd is podman with a store of its own.
func podmanCmd(dir string, args ...string) *exec.Cmd {
	d := filepath.Join(dir, "podman")
	return exec.Command("podman", append([]string{"--root", d + "/root", "--runroot", d + "/run", "--tmpdir", d + "/tmp"}, args...)...)
}

// podmanRun runs a command in a container. Limits are given because podman's
// default asks for more than a restricted machine may have.
func podmanRun(dir, network string, flags []string, command ...string) *exec.Cmd {
	args := append([]string{"run", "--pull", "never", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000"}, flags...)
	if network != "" {
		args = append(args, "--network", network)
	}
	return podmanCmd(dir, append(append(args, "localhost/busybox:latest"), command...)...)
}

func podman(s *harness.Suite, dir, name, network string) *contender {
	return &contender{
		name: name,
		setup: func() error {
			if _, err := exec.LookPath("podman"); err != nil {
				return errors.New("not installed")
			}
			return runOne(podmanCmd(dir, "load", "-q", "-i", s.Archive))
		},
		command: func(int) *exec.Cmd {
			return podmanRun(dir, network, []string{"--rm"}, "true")
		},
		remove: func() { runOne(podmanCmd(dir, "rmi", "-a", "-f")) },
	}
}

// docker runs against the machine's daemon, with an image of a name of its own.
func docker(rootfs, name, network string) *contender {
	const image = "pouch-bench:latest"
	return &contender{
		name: name,
		setup: func() error {
			if _, err := exec.LookPath("docker"); err != nil {
				return errors.New("not installed")
			}
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			if err := exec.CommandContext(ctx, "docker", "info", "-f", "{{.ServerVersion}}").Run(); err != nil {
				return errors.New("no daemon answers")
			}
			return runOne(exec.Command("sh", "-c", `tar -C "$1" -cf - . | docker import - "$2"`, "sh", rootfs, image))
		},
		command: func(int) *exec.Cmd {
			return exec.Command("docker", "run", "--rm", "--pull", "never", "--network", network, image, "true")
		},
		remove: func() { runOne(exec.Command("docker", "rmi", image)) },
	}
}

// unpack writes the one layer of a docker-archive to dir/rootfs.
func unpack(archive, dir string) (string, error) {
	manifest, err := member(archive, "manifest.json")
	if err != nil {
		return "", err
	}
	var m []struct{ Layers []string }
	if err := json.Unmarshal(manifest, &m); err != nil || len(m) != 1 || len(m[0].Layers) != 1 {
		return "", fmt.Errorf("%s: one image of one layer expected: %w", archive, err)
	}
	layer, err := member(archive, m[0].Layers[0])
	if err != nil {
		return "", err
	}
	rootfs := filepath.Join(dir, "rootfs")
	if err := os.MkdirAll(rootfs, 0o755); err != nil {
		return "", err
	}
	c := exec.Command("tar", "-C", rootfs, "-xf", "-")
	c.Stdin = bytes.NewReader(layer)
	return rootfs, runOne(c)
}

func member(archive, name string) ([]byte, error) {
	f, err := os.Open(archive)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if err != nil {
			return nil, fmt.Errorf("%s in %s: %w", name, archive, err)
		}
		if h.Name == name {
			return io.ReadAll(r)
		}
	}
}
