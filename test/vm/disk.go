package vm

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/pouchcontainer/pouch/test/harness"
)

// prefix is where the machine finds the second disk: an installation of Pouch,
// its tests and their images, laid out as the tree is.
const prefix = "/opt/pouch"

// unpack puts the machine's disk, kernel and initrd into dir.
func unpack(dir string) error {
	archive, err := harness.Image("vm")
	if err != nil {
		return err
	}
	return do(exec.Command("tar", "-C", dir, "--sparse", "-xf", archive))
}

// writeData makes the second disk.
func writeData(dir string) error {
	stage := filepath.Join(dir, "stage")
	defer os.RemoveAll(stage)
	if err := fill(stage); err != nil {
		return err
	}
	size, err := sizeOf(stage)
	if err != nil {
		return err
	}
	img := filepath.Join(dir, "data.img")
	return do(exec.Command("mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", stage, img, fmt.Sprint((size+size/5)>>20+32, "M")))
}

// fill lays out the second disk.
func fill(stage string) error {
	tree, err := harness.Tree()
	if err != nil {
		return err
	}
	at := func(p ...string) string { return filepath.Join(append([]string{stage}, p...)...) }
	plugins, err := harness.CNIPlugins()
	if err != nil {
		return err
	}
	for _, d := range []string{"bin", "scripts", ".cache/images", ".cache/cni", "test/cli", "test/integration", "lib/systemd/system"} {
		if err := os.MkdirAll(at(d), 0o755); err != nil {
			return err
		}
	}
	bin := os.Getenv("POUCH_BIN")
	if bin == "" {
		bin = filepath.Join(tree, "bin")
	}
	for _, c := range [][]string{
		{"cp", "-aL", bin + "/.", at("bin")},
		{"cp", "-a", filepath.Join(tree, "go.mod"), stage},
		{"cp", "-a", filepath.Join(tree, "scripts/test-images"), filepath.Join(tree, "scripts/cni-plugins"), at("scripts")},
		{"cp", "-a", plugins, at(".cache/cni")},
		{"cp", "-a", filepath.Join(tree, "test/cli/testdata"), at("test/cli")},
		{"cp", "-a", filepath.Join(tree, "scripts/firewalld"), at("lib")},
		{filepath.Join(tree, "scripts/install-units"), prefix + "/bin", at("lib/systemd/system")},
	} {
		if err := do(exec.Command(c[0], c[1:]...)); err != nil {
			return err
		}
	}
	for _, name := range []string{"busybox", "minbase", "nginx"} {
		image, err := harness.Image(name)
		if err == nil {
			err = do(exec.Command("cp", image, at(".cache/images")))
		}
		if err != nil {
			return err
		}
	}
	return build(tree, stage)
}

// build compiles the agent and the tests that run inside the machine.
func build(tree, stage string) error {
	tags := os.Getenv("POUCH_TEST_TAGS")
	for _, args := range [][]string{
		{"build", "-o", filepath.Join(stage, "agent"), "./test/vm/agent"},
		{"test", "-c", "-tags", tags, "-o", filepath.Join(stage, "test/cli/cli.test"), "./test/cli"},
		{"test", "-c", "-tags", tags, "-o", filepath.Join(stage, "test/netdev.test"), "./pkg/netdev"},
		{"test", "-c", "-tags", tags, "-o", filepath.Join(stage, "test/network.test"), "./pkg/network"},
		{"test", "-c", "-tags", tags, "-o", filepath.Join(stage, "test/quota.test"), "./pkg/quota"},
		{"test", "-c", "-tags", tags, "-o", filepath.Join(stage, "test/volume.test"), "./pkg/volume"},
		{"test", "-c", "-tags", tags, "-o", filepath.Join(stage, "test/csi.test"), "./pkg/csi"},
		{"test", "-c", "-tags", tags, "-o", filepath.Join(stage, "test/container.test"), "./pkg/container"},
	} {
		c := exec.Command("go", args...)
		c.Dir, c.Env = tree, append(os.Environ(), "CGO_ENABLED=0")
		if err := do(c); err != nil {
			return err
		}
	}
	return nil
}

func sizeOf(dir string) (n int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		st, err := d.Info()
		if err == nil && st.Mode().IsRegular() {
			n += st.Size()
		}
		return err
	})
	return n, err
}

func do(c *exec.Cmd) error {
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(c.Args, " "), err, out)
	}
	return nil
}
