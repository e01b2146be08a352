# Pouch. `sudo make run` shows it at work, `sudo make test` tests it.
#
#   make            build everything into bin/
#   make deps       install the Debian packages that are missing (root)
#   make run        build, make an image, run it, show what it printed (root)
#   make test       packages, build, check, unit, cli and integration tests (root)
#   make test-vm    boot a machine with systemd and cgroup v2 in QEMU and test inside it (root)
#   make bench      time a run beside runc, podman, docker, crun (root)
#   make soak       10,000 runs, and look whether anything grows (root)
#   make fuzz       feed what reads files and messages with nonsense, FUZZTIME=30s each (RUN names some)
#   make peers      what podman and docker answer to the scripts of test/cli/testdata/conventions (root)
#   make check      gofmt, vet, architecture rules
#   make unit | cli | integration | lint | install | clean

# sudo has a PATH of its own: look where Go is usually unpacked.
GO ?= $(firstword $(shell command -v go 2>/dev/null) \
        $(wildcard /usr/local/go/bin/go /usr/lib/go/bin/go /opt/go/bin/go /snap/bin/go \
                   $(addsuffix /go/bin/go,$(wildcard /home/$(SUDO_USER) /home/$(SUDO_USER)/.local /root)) \
                   $(lastword $(sort $(wildcard /usr/lib/go-*/bin/go)))))
ifeq ($(GO),)
$(error Go is not in PATH and not in /usr/local/go: install it from https://go.dev/dl, or say make GO=/path/to/go)
endif
export PATH := $(PATH):$(patsubst %/,%,$(dir $(GO)))
export GOFLAGS := -buildvcs=false
export HOME ?= /root

# Containers need root: say so before minutes of building.
ifneq ($(filter run test test-vm bench soak,$(MAKECMDGOALS)),)
ifneq ($(shell id -u),0)
$(error containers need root: say sudo make $(MAKECMDGOALS))
endif
endif

PREFIX  ?= /usr/local
DESTDIR ?=
# Where runtimes look for CNI plugins: pouch-net is one under the name pouch.
CNI_BIN ?= /opt/cni/bin
# Where firewalld looks for what comes with programs.
FIREWALLD ?= /usr/lib/firewalld
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

# The one place for build tags: what Pouch does not use is not built.
TAGS := no_btrfs no_devmapper no_zfs no_tracing urfave_cli_no_docs containers_image_openpgp exclude_graphdriver_btrfs
STATIC_TAGS := $(TAGS) seccomp netgo osusergo

OWN    := pouch-run pouch-image pouch-net pouch-vol
SHIMS  := pouch-shim containerd-shim-pouch-v2
ENGINE := containerd ctr runc
ENGINE_PACKAGES := github.com/containerd/containerd/v2/cmd/containerd github.com/containerd/containerd/v2/cmd/ctr github.com/opencontainers/runc
TOOLS  := $(OWN) pouch-shim
LIBEXEC := $(ENGINE) containerd-shim-pouch-v2 pouch-shim-delete pouch-init

OWN_LDFLAGS := -s -w -X github.com/pouchcontainer/pouch/pkg/cmd.Version=$(VERSION)

GOTEST := $(GO) test -tags "$(STATIC_TAGS)"
# make cli RUN=TestSmoke/run: only the tests whose names match; not from the environment.
RUNFLAG = $(if $(filter command,$(origin RUN)),-v -run '$(RUN)')
UNIT_PACKAGES = $$($(GO) list -tags "$(STATIC_TAGS)" ./... | grep -v -e /test/cli -e /test/integration -e /test/arch -e /test/vm -e /pkg/registry$$ -e /pouch-image$$)

.PHONY: install-docs all build deps deps-test deps-vm images run test test-vm check unit cli integration bench soak fuzz peers lint install clean $(OWN) $(SHIMS)
.DEFAULT_GOAL := all

all: build
build: $(OWN) $(SHIMS) bin/pouch-init bin/pouch-shim-delete $(addprefix bin/,$(ENGINE))
	@echo "built: $$(ls -m bin)"

# The directory belongs to whom the tree belongs to, also when root builds.
bin:
	@mkdir -p bin && chown --reference=. bin 2>/dev/null || true

$(filter-out pouch-image,$(OWN)): | bin
	@echo "build bin/$@"
	@CGO_ENABLED=0 $(GO) build -trimpath -tags "$(TAGS)" -ldflags "$(OWN_LDFLAGS)" -o bin/$@ ./$@

# It hears when a registry wants to be asked again: pouch-image/image-patch.
pouch-image: | bin
	@echo "build bin/$@"
	@CGO_ENABLED=0 $(GO) build -modfile=$$(scripts/patched-image) -trimpath -tags "$(TAGS) pouch_answers" -ldflags "$(OWN_LDFLAGS)" -o bin/$@ ./$@

# The supervisor enters namespaces before the Go runtime is up: that is C.
pouch-shim: | bin
	@echo "build bin/$@"
	@CGO_ENABLED=1 $(GO) build -modfile=$$(scripts/patched-runc) -trimpath -tags "$(STATIC_TAGS) pouch_bpf" -ldflags "$(OWN_LDFLAGS) -extldflags -static" -o bin/$@ ./pouch-shim

containerd-shim-pouch-v2: | bin
	@echo "build bin/$@"
	@CGO_ENABLED=0 $(GO) build -trimpath -tags "$(TAGS)" -ldflags "$(OWN_LDFLAGS)" -o bin/$@ ./pouch-shim/$@

# Process 1 of a container with --init lives in it: small, and without a library of its.
bin/pouch-init: pouch-shim/init/init.c | bin
	@echo "build $@"
	@$(CC) -Os -Wall -Wextra -static -s -ffunction-sections -fdata-sections -Wl,--gc-sections -o $@ $<

# What containerd runs at the end of every container: C, too, for it begins sooner.
bin/pouch-shim-delete: pouch-shim/delete/delete.c | bin
	@echo "build $@"
	@$(CC) -Os -Wall -Wextra -static -s -ffunction-sections -fdata-sections -Wl,--gc-sections -o $@ $<

# The engine's own programs change only with go.mod.
bin/containerd bin/ctr bin/containerd-shim-runc-v2: bin/%: go.mod go.sum | bin
	@echo "build $@ (from the module cache: the first time takes minutes)"
	@CGO_ENABLED=0 $(GO) build -trimpath -tags "$(TAGS)" -ldflags "-s -w" -o $@ github.com/containerd/containerd/v2/cmd/$*
	@touch $@

bin/runc: go.mod go.sum | bin
	@echo "build $@"
	@CGO_ENABLED=1 $(GO) build -trimpath -tags "$(STATIC_TAGS)" -ldflags "-s -w -extldflags -static" -o $@ github.com/opencontainers/runc
	@touch $@

install: build
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/pouch
	install -m 0755 $(addprefix bin/,$(TOOLS)) $(DESTDIR)$(PREFIX)/bin
	install -m 0755 $(addprefix bin/,$(LIBEXEC)) $(DESTDIR)$(PREFIX)/libexec/pouch
	install -d $(DESTDIR)$(CNI_BIN)
	ln -sfn $(PREFIX)/bin/pouch-net $(DESTDIR)$(CNI_BIN)/pouch
	scripts/install-units $(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -d $(DESTDIR)$(FIREWALLD)/zones $(DESTDIR)$(FIREWALLD)/policies
	install -m 0644 scripts/firewalld/zones/*.xml $(DESTDIR)$(FIREWALLD)/zones
	install -m 0644 scripts/firewalld/policies/*.xml $(DESTDIR)$(FIREWALLD)/policies
	@$(MAKE) --no-print-directory install-docs

# Manual pages and completions are made by the programs themselves.
SHARE := $(DESTDIR)$(PREFIX)/share
install-docs:
	install -d $(SHARE)/man/man1 $(SHARE)/bash-completion/completions $(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d
	@set -e; for p in $(OWN); do \
	  bin/$$p man $(SHARE)/man/man1; \
	  bin/$$p completion bash > $(SHARE)/bash-completion/completions/$$p; \
	  bin/$$p completion zsh > $(SHARE)/zsh/site-functions/_$$p; \
	  bin/$$p completion fish > $(SHARE)/fish/vendor_completions.d/$$p.fish; done

deps:
	@scripts/deps build run

deps-test:
	@scripts/deps build run test

deps-vm:
	@scripts/deps build run test vm

images: deps-test
	@scripts/test-images busybox minbase nginx systemd
	@scripts/cni-plugins >/dev/null

run: deps
	@$(MAKE) --no-print-directory build
	@scripts/run-demo

# go list fetches what will be built.
test: deps-test
	@scripts/again $(GO) list -deps -test -tags "$(STATIC_TAGS) integration vm" ./... $(ENGINE_PACKAGES) >/dev/null
	@$(MAKE) --no-print-directory build
	@$(MAKE) --no-print-directory images
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory unit
	@$(MAKE) --no-print-directory cli
	@$(MAKE) --no-print-directory integration

# -count=1: the rules read the tree, which Go's test cache does not see.
check:
	@echo "check: gofmt, vet, architecture rules"
	@bad=$$(gofmt -l $$(git ls-files '*.go' 2>/dev/null || find . -name '*.go')); \
	  if [ -n "$$bad" ]; then echo "gofmt -w these files:" >&2; echo "$$bad" >&2; exit 1; fi
	@$(GO) vet -tags "$(STATIC_TAGS) integration vm" ./...
	@$(GOTEST) -count=1 ./test/arch

# rmdir: the tests' cgroups were below /pouch and /pouch-…; the kernel keeps one that is in use.
unit:
	@echo "unit tests"
	@$(GOTEST) -timeout 25m $(RUNFLAG) $(UNIT_PACKAGES) && \
	  $(GO) test -modfile=$$(scripts/patched-image) -tags "$(STATIC_TAGS) pouch_answers" -timeout 25m $(RUNFLAG) ./pkg/registry ./pouch-image; code=$$?; \
	  rmdir /sys/fs/cgroup/pouch /sys/fs/cgroup/*/pouch /sys/fs/cgroup/*/pouch-* 2>/dev/null; exit $$code

cli:
	@echo "command line tests: a private engine, scripts that read like a shell session"
	@$(GOTEST) -count=1 -timeout 60m $(RUNFLAG) ./test/cli

integration:
	@echo "integration tests: parallel runs, kill -9, full disk, broken files"
	@$(GOTEST) -count=1 -tags "$(STATIC_TAGS) integration" -timeout 90m -p 1 $(RUNFLAG) ./test/integration

# A machine of its own, without KVM: see test/vm.
test-vm: deps-vm
	@$(MAKE) --no-print-directory build
	@scripts/test-images busybox minbase nginx vm
	@echo "tests in a virtual machine: systemd, cgroup v2, reboots, power cuts, checkpoints"
	@POUCH_TEST_TAGS="$(STATIC_TAGS)" $(GOTEST) -count=1 -tags "$(STATIC_TAGS) vm" -timeout 4h $(RUNFLAG) ./test/vm

# What podman and docker answer to the scripts of conventions, where installed.
peers:
	@scripts/test-images busybox
	@$(GO) run ./test/peers $(PEERFLAGS)

# containerd's own shim is measured beside the supervisor, and not installed.
bench: build bin/containerd-shim-runc-v2
	@scripts/test-images busybox
	@$(GO) run ./test/bench $(BENCHFLAGS)

# 10,000 containers, one after the other; make soak SOAK=1000 runs fewer.
SOAK ?= 10000
soak: build
	@scripts/test-images busybox
	@echo "$(SOAK) runs: no leak, flat memory and time"
	@$(GOTEST) -count=1 -tags "$(STATIC_TAGS) integration" -timeout 6h -v -run 'TestSoak$$' ./test/integration -soak $(SOAK)

# Their seeds are run by unit, too.
FUZZTIME ?= 30s
fuzz:
	@GO="$(GO)" TAGS="$(STATIC_TAGS)" scripts/fuzz '$(FUZZTIME)' $(if $(filter command,$(origin RUN)),'$(RUN)')

lint:
	@if command -v golangci-lint >/dev/null; then golangci-lint run --build-tags "$(STATIC_TAGS) integration vm"; \
	  else echo "golangci-lint is not installed: nothing checked; see https://golangci-lint.run" >&2; fi

clean:
	@rm -rf bin .cache bench.json 2>/dev/null || \
	  { echo "clean: root made some of what is in .cache: say sudo make clean" >&2; exit 1; }
