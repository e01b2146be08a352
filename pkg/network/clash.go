package network

import (
	"errors"
	"fmt"
	"net"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// portInUse is the cause of an error that says that somebody has a port.
const portInUse = "port-in-use"

// explain says what was to be published, what went wrong and who has the port;
// mine are the ports that were bound just before.
func explain(p record.Port, mine []record.Port, err error) error {
	what := "publish " + endpoint(p)
	switch {
	case errors.Is(err, unix.EADDRINUSE) && p.HostPortEnd > p.HostPort:
		return errs.New(errs.Conflict, "%s: every port of the range is in use", what)
	case errors.Is(err, unix.EADDRINUSE):
		for _, o := range mine {
			if o.HostPort == p.HostPort && o.Protocol == p.Protocol {
				return errs.New(errs.Conflict, "%s: published twice by this container", what)
			}
		}
		return errs.WithCause(errs.New(errs.Conflict, "%s: already in use%s", what, holder(p)), portInUse)
	case errors.Is(err, unix.EADDRNOTAVAIL):
		return errs.New(errs.Invalid, "%s: this host does not have the address", what)
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return errs.New(errs.Denied, "%s: not allowed: run as root", what)
	case errors.Is(err, unix.EPROTONOSUPPORT), errors.Is(err, unix.ESOCKTNOSUPPORT), errors.Is(err, unix.EAFNOSUPPORT):
		return errs.New(errs.Unsupported, "%s: this kernel does not have it", what)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// endpoint is a published port as a person writes it; tcp goes without saying.
func endpoint(p record.Port) string {
	ip := p.HostIP
	if ip == "" {
		ip = "0.0.0.0"
	}
	s := net.JoinHostPort(ip, hostPorts(p))
	if p.Protocol != "tcp" && p.Protocol != "" {
		s += "/" + p.Protocol
	}
	return s
}

// hostPorts is the port or the range on the host.
func hostPorts(p record.Port) string {
	s := strconv.Itoa(int(p.HostPort))
	if p.HostPortEnd > p.HostPort {
		s += "-" + strconv.Itoa(int(p.HostPortEnd))
	}
	return s
}
