package ociruntime

import (
	"context"
	"encoding/json"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// oldVersion is written for a runtime that knows no newer one: such runtimes
// refuse a version that they do not know, though they read the rest.
const oldVersion = "1.0.2"

// probe asks the runtime, beside the caller's other work, which version of the
// runtime-spec it knows. The function it returns waits for the one to write.
func probe(path string) func() string {
	answer := make(chan string, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if knows(ctx, path) {
			answer <- specs.Version
		} else {
			answer <- oldVersion
		}
	}()
	return sync.OnceValue(func() string { return <-answer })
}

// knows reports whether the runtime knows version 1.2 or newer: from its
// features (runtime-spec features.md), else from the spec line of --version.
func knows(ctx context.Context, path string) bool {
	var f struct {
		Max string `json:"ociVersionMax"`
	}
	if b, err := exec.CommandContext(ctx, path, "features").Output(); err == nil && json.Unmarshal(b, &f) == nil && f.Max != "" {
		return atLeast12(f.Max)
	}
	b, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return false
	}
	m := regexp.MustCompile(`(?m)^spec: (\S+)`).FindSubmatch(b)
	return m != nil && atLeast12(string(m[1]))
}

func atLeast12(v string) bool {
	m := regexp.MustCompile(`^(\d+)\.(\d+)`).FindStringSubmatch(v)
	if m == nil {
		return false
	}
	major, _ := strconv.Atoi(m[1])
	minor, _ := strconv.Atoi(m[2])
	return major > 1 || major == 1 && minor >= 2
}
