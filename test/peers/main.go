// Peers runs the scripts of Pouch's conventions with podman and docker in
// Pouch's place, where they are installed, and prints each line that they answer
// otherwise. It judges nobody: what Pouch does where those two differ is written
// in the scripts.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/test/harness"
)

func main() {
	words := flag.Bool("words", false, "name the lines about error messages too")
	flag.Parse()
	if err := run(*words); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(words bool) error {
	dir, err := os.MkdirTemp("", "peers")
	if err != nil {
		return err
	}
	defer func() {
		// Podman keeps its store mounted on itself.
		unix.Unmount(filepath.Join(dir, "podman/root/overlay"), unix.MNT_DETACH)
		os.RemoveAll(dir)
	}()
	archive, err := harness.Image("busybox")
	if err != nil {
		return err
	}
	scripts, err := filepath.Glob("test/cli/testdata/conventions/*.txtar")
	if err != nil || len(scripts) == 0 {
		return fmt.Errorf("run it in the project's folder: no scripts of conventions here")
	}
	for _, p := range []*peer{podman(filepath.Join(dir, "podman")), docker()} {
		if reason := p.ready(dir, archive); reason != "" {
			fmt.Printf("%s: not asked: %s\n", p.name, reason)
			continue
		}
		p.ask(scripts, words)
		p.clean()
	}
	return nil
}

// ask runs every script and prints what differs.
func (p *peer) ask(scripts []string, words bool) {
	same := 0
	for _, file := range scripts {
		diffs := p.script(file, words)
		p.clean()
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		if len(diffs) == 0 {
			same++
			continue
		}
		fmt.Printf("%s: %s: %d lines differ\n", p.name, name, len(diffs))
		for _, d := range diffs {
			fmt.Printf("    %s\n", d)
		}
	}
	fmt.Printf("%s: %d of %d scripts as with Pouch\n", p.name, same, len(scripts))
}
