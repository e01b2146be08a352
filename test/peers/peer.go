package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// peer is another engine behind Pouch's names.
type peer struct {
	name    string
	command []string // the program with its global flags
	image   string   // its name of the test image
	bin     string   // folder with programs of Pouch's names
}

// podman has a store of its own.
func podman(dir string) *peer {
	return &peer{
		name:    "podman",
		command: []string{"env", "CONTAINERS_CONF=" + dir + ".conf", "podman", "--root", dir + "/root", "--runroot", dir + "/run", "--tmpdir", dir + "/tmp"},
		image:   "localhost/busybox:latest",
	}
}

// docker uses the machine's daemon.
func docker() *peer {
	return &peer{name: "docker", command: []string{"docker"}, image: "busybox:latest"}
}

// answerTime bounds what a peer is asked outside of scripts.
const answerTime = time.Minute

// ready makes the peer ready for scripts, or tells why it cannot.
func (p *peer) ready(dir, archive string) (reason string) {
	if _, err := exec.LookPath(p.name); err != nil {
		return "not installed"
	}
	// Its defaults ask for more than a restricted machine may have.
	conf := "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1000:1000\"]\n"
	if err := os.WriteFile(filepath.Join(dir, "podman.conf"), []byte(conf), 0o644); err != nil {
		return err.Error()
	}
	if err := p.do("info"); err != nil {
		return "it does not answer: " + err.Error()
	}
	if err := p.do("load", "-q", "-i", archive); err != nil {
		return err.Error()
	}
	if err := p.do("run", "--rm", "--network", "none", p.image, "true"); err != nil {
		return "it runs no container here: " + err.Error()
	}
	p.bin = filepath.Join(dir, p.name+"-bin")
	if err := p.wrap(); err != nil {
		return err.Error()
	}
	return ""
}

func (p *peer) do(args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, p.command[0], append(p.command[1:], args...)...).CombinedOutput()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return fmt.Errorf("%s: %w", lines[len(lines)-1], err)
	}
	return nil
}

// wrap writes programs of Pouch's names: pouch-run is the engine itself, with run
// where no verb is named; the others are its nouns.
func (p *peer) wrap() error {
	if err := os.MkdirAll(p.bin, 0o755); err != nil {
		return err
	}
	run := "case ${1-} in run|create|start|stop|kill|rm|ps|inspect|logs|exec|wait|restart|pause|unpause|rename|port|top|attach|version|info|cp|diff|export|commit|stats|update|events) ;; *) set -- run \"$@\" ;; esac\n"
	var errList []error
	for name, body := range map[string]string{
		"pouch-run":   run + "exec " + strings.Join(p.command, " ") + ` "$@"`,
		"pouch-image": "exec " + strings.Join(p.command, " ") + ` image "$@"`,
		"pouch-net":   "exec " + strings.Join(p.command, " ") + ` network "$@"`,
		"pouch-vol":   "exec " + strings.Join(p.command, " ") + ` volume "$@"`,
	} {
		errList = append(errList, os.WriteFile(filepath.Join(p.bin, name), []byte("#!/bin/sh\n"+body+"\n"), 0o755))
	}
	return errors.Join(errList...)
}

// clean removes what a script left in a store of the peer's own; docker's daemon
// has the machine's containers, so there scripts clean up themselves.
func (p *peer) clean() {
	if p.name != "podman" {
		return
	}
	for _, args := range [][]string{{"rm", "-af", "-t", "0"}, {"volume", "rm", "-af"}, {"network", "prune", "-f"}} {
		if err := p.do(args...); err != nil {
			fmt.Fprintf(os.Stderr, "podman %s: %v\n", strings.Join(args, " "), err)
		}
	}
}
