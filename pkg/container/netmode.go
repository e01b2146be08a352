package container

import (
	"fmt"
	"os"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// checkNetMode refuses, in docker's words, what a container that joins another
// one's network cannot have of its own, and tells of ports that lead nowhere.
func checkNetMode(c *record.Container, o *Options) error {
	mode, _, _ := strings.Cut(c.NetworkMode, ":")
	ports := len(c.Ports) > 0 || o.PublishAll
	if mode != "container" {
		if ports && !own(c) {
			fmt.Fprintf(os.Stderr, "pouch-run: warning: published ports are discarded with network mode %s\n", mode)
		}
		return nil
	}
	what := ""
	switch h := c.Host; {
	case h.Hostname != "":
		what = "hostname and the network mode"
	case len(h.DNS) > 0:
		what = "dns and the network mode"
	case len(h.ExtraHosts) > 0:
		what = "custom host-to-IP mapping and the network mode"
	case ports:
		what = "port publishing and the container type network mode"
	case len(o.Exposed) > 0:
		what = "port exposing and the container type network mode"
	default:
		return nil
	}
	return errs.New(errs.Invalid, "conflicting options: %s", what)
}

// filesOf is the id of the container whose hosts, hostname and resolv.conf c
// sees: with another one's network they are that one's, as in docker.
func filesOf(c *record.Container) string {
	if id, ok := strings.CutPrefix(c.NetworkMode, "container:"); ok {
		return id
	}
	return c.ID
}
