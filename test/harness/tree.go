package harness

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Tree is the folder of go.mod.
func Tree() (string, error) {
	d, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; d = filepath.Dir(d) {
		if isFile(filepath.Join(d, "go.mod")) {
			return d, nil
		}
		if d == "/" {
			return "", errors.New("no go.mod above the working directory")
		}
	}
}

// binDir is $POUCH_BIN, or bin/ of the tree.
func binDir() (string, error) {
	dir := os.Getenv("POUCH_BIN")
	if dir == "" {
		tree, err := Tree()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(tree, "bin")
	}
	for _, p := range []string{"pouch-run", "pouch-image", "pouch-net", "pouch-vol", "pouch-shim", "containerd", "ctr"} {
		if !isFile(filepath.Join(dir, p)) {
			return "", fmt.Errorf("%s is not in %s: run make first", p, dir)
		}
	}
	return filepath.Abs(dir)
}

// Image returns the archive of a test image, made by scripts/test-images where
// it is missing.
func Image(name string) (string, error) {
	tree, err := Tree()
	if err != nil {
		return "", err
	}
	c := exec.Command(filepath.Join(tree, "scripts", "test-images"), name)
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make image %s: %w: %s", name, err, out)
	}
	dir := os.Getenv("POUCH_IMAGES")
	if dir == "" {
		dir = filepath.Join(tree, ".cache", "images")
	}
	return filepath.Join(dir, name+".tar"), nil
}

// CNIPlugins returns the folder of the CNI project's reference plugins and of
// cnitool, built by scripts/cni-plugins unless they are.
func CNIPlugins() (string, error) {
	tree, err := Tree()
	if err != nil {
		return "", err
	}
	c := exec.Command(filepath.Join(tree, "scripts", "cni-plugins"))
	var why bytes.Buffer
	c.Stderr = &why
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("build the CNI plugins: %w: %s", err, why.Bytes())
	}
	return strings.TrimSpace(string(out)), nil
}
