package parse

import (
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// shortNetwork writes podman's NAME:FIELD=VALUE,… as docker's name=NAME,….
func shortNetwork(s string) string {
	name, fields, ok := strings.Cut(s, ":")
	if name == "cni" {
		chain, rest, more := strings.Cut(fields, ":")
		name, fields, ok = name+":"+chain, rest, more
	}
	if !ok || !strings.Contains(fields, "=") || strings.ContainsAny(name, "=,\"") ||
		name == "container" || name == "ns" || name == "netns" {
		return s
	}
	list := strings.Split(fields, ",")
	for i, f := range list {
		if v, is := strings.CutPrefix(f, "ip="); is && strings.Contains(v, ":") { // podman has one word for both
			list[i] = "ip6=" + v
		}
	}
	return "name=" + name + "," + strings.Join(list, ",")
}

// joinSetters read what else is asked of a network, by docker's and podman's names.
func joinSetters() map[string]func(*record.Join, string) error {
	iface := func(j *record.Join, v string) error {
		if v == "" || len(v) > 15 || strings.ContainsAny(v, "/: ") || checkText("interface", v) != nil {
			return invalid("invalid name of an interface: '%s'", v)
		}
		j.Interface = v
		return nil
	}
	return map[string]func(*record.Join, string) error{
		"interface-name": iface,
		"interface_name": iface,
		"gw-priority": func(j *record.Join, v string) (err error) {
			if j.Priority, err = strconv.Atoi(v); err != nil {
				return invalid("invalid gw-priority: '%s': a whole number", v)
			}
			return nil
		},
		"link-local-ip": func(j *record.Join, v string) error {
			a, err := IP(v)
			j.LinkLocal = append(j.LinkLocal, a)
			return err
		},
		"driver-opt": func(j *record.Join, v string) error {
			key, val, ok := strings.Cut(v, "=")
			if !ok || key == "" || checkText("driver-opt", v) != nil {
				return invalid("invalid driver-opt: '%s': KEY=VALUE", v)
			}
			if j.Options == nil {
				j.Options = map[string]string{}
			}
			j.Options[key] = val
			return nil
		},
		"ingress-rate":  func(j *record.Join, v string) (err error) { j.Ingress.Bits, err = Rate(v); return err },
		"ingress-burst": func(j *record.Join, v string) (err error) { j.Ingress.Burst, err = Burst(v); return err },
		"egress-rate":   func(j *record.Join, v string) (err error) { j.Egress.Bits, err = Rate(v); return err },
		"egress-burst":  func(j *record.Join, v string) (err error) { j.Egress.Burst, err = Burst(v); return err },
	}
}

// JoinField reads one field of a network to join, as --network has it.
func JoinField(j *record.Join, key, value string) error { return networkField(j, key+"="+value) }
