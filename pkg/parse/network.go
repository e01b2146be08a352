package parse

import (
	"net"
	"path"
	"reflect"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Network reads one --network. It is a mode (bridge, default, none, host,
// container:NAME, ns:PATH), cni:NAME or the name of a network, alone, with fields
// behind a colon as in podman (NAME:ip=…,alias=…), or as docker's CSV line
// name=…,alias=…,ip=…,ip6=…,mac-address=…. mode is what record.Container's
// NetworkMode holds; join is nil for the modes that join no network.
func Network(s string) (mode string, join *record.Join, err error) {
	s = shortNetwork(s)
	name, _, isModeWithArg := strings.Cut(s, ":")
	long := strings.Contains(s, "=") && (!isModeWithArg || strings.Contains(name, "="))
	if !long {
		mode, err = networkMode(s)
		if err != nil || !Joins(mode) {
			return mode, nil, err
		}
		return mode, &record.Join{Network: mode}, nil
	}
	fields, err := csvLine(s)
	if err != nil {
		return "", nil, invalid("invalid network %s: %w", s, err)
	}
	j := &record.Join{}
	for _, f := range fields {
		if err := networkField(j, f); err != nil {
			return "", nil, errs.New(errs.KindOf(err), "invalid argument %q for --network: %w", s, err)
		}
	}
	if j.Network == "" {
		return "", nil, invalid("invalid argument %q for --network: network name/id is not specified", s)
	}
	if j.Network, err = networkMode(j.Network); err != nil {
		return "", nil, err
	}
	if !Joins(j.Network) {
		if !reflect.DeepEqual(*j, record.Join{Network: j.Network}) {
			return "", nil, invalid("invalid argument %q for --network: mode %s has no address, alias or mac-address", s, j.Network)
		}
		return j.Network, nil, nil
	}
	return j.Network, j, nil
}

// Joins reports whether mode, a record.Container.NetworkMode, joins a network.
func Joins(mode string) bool {
	return mode != "none" && mode != "host" && (!strings.Contains(mode, ":") || strings.HasPrefix(mode, "cni:"))
}

func networkMode(s string) (string, error) {
	kind, arg, has := strings.Cut(s, ":")
	switch {
	case s == "" || s == "default":
		return "bridge", nil
	case !has:
		return Name("network", s)
	case kind == "container":
		name, err := Name("container", arg)
		return "container:" + name, err
	case kind == "cni":
		name, err := Name("network", arg)
		return "cni:" + name, err
	case kind == "ns" || kind == "netns":
		if !path.IsAbs(arg) || checkText("network", arg) != nil {
			return "", invalid("invalid network mode: %s: the path of a network namespace is absolute", s)
		}
		return "ns:" + path.Clean(arg), nil
	}
	return "", invalid("invalid network mode: %s: use bridge, none, host, container:NAME, ns:PATH, cni:NAME or the name of a network", s)
}

func networkField(j *record.Join, f string) (err error) {
	key, val, ok := strings.Cut(f, "=")
	key, val = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(val)
	if !ok || key == "" {
		return invalid("invalid field %s", f)
	}
	if set, known := joinSetters()[key]; known {
		return set(j, val)
	}
	switch key {
	case "name":
		j.Network = val
	case "alias":
		val, err = Hostname(val)
		j.Aliases = append(j.Aliases, val)
	case "ip":
		j.IPv4, err = IPv4(val)
	case "ip6":
		j.IPv6, err = IPv6(val)
	case "mac-address", "mac":
		j.MAC, err = MAC(val)
	default:
		return invalid("invalid field key %s", key)
	}
	return err
}

// IPv4 reads an IPv4 address.
func IPv4(s string) (string, error) {
	a, err := IP(s)
	if err != nil || strings.Contains(a, ":") {
		return "", invalid("invalid IPv4 address: %s", s)
	}
	return a, nil
}

// IPv6 reads an IPv6 address.
func IPv6(s string) (string, error) {
	a, err := IP(s)
	if err != nil || !strings.Contains(a, ":") {
		return "", invalid("invalid IPv6 address: %s", s)
	}
	return a, nil
}

// MAC reads the address of one Ethernet interface: six bytes, not a group's.
func MAC(s string) (string, error) {
	a, err := net.ParseMAC(strings.TrimSpace(s))
	if err != nil || len(a) != 6 || a[0]&1 != 0 {
		return "", invalid("%s is not a valid mac address", s)
	}
	return a.String(), nil
}
