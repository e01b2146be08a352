// Package starter is the program containerd-shim-pouch-v2: it speaks
// containerd's shim protocol of the command line (core/runtime/v2/README.md of
// containerd, pkg/shim): start, delete, -info and -v. containerd runs it for
// every container and at the end of every task, so it must begin in a
// millisecond: it imports neither fmt, net, encoding/json nor protobuf, and
// writes the few messages by hand.
package starter

import (
	"errors"
	"os"
	"strings"
)

// Version is set by the linker.
var Version = "dev"

// options of the command line, which containerd gives.
type options struct {
	namespace, id, address, bundle string
	debug                          bool
	action                         string
}

// Main runs the program and returns its exit code.
func Main(args []string) int {
	o, err := parse(args[1:])
	if err == nil {
		err = o.run()
	}
	if err != nil {
		os.Stderr.WriteString("containerd-shim-pouch-v2: " + err.Error() + "\n")
		return 1
	}
	return 0
}

func (o *options) run() error {
	switch o.action {
	case "version":
		return put([]byte("containerd-shim-pouch-v2:\n  Version: " + Version + "\n"))
	case "info":
		return put(info())
	case "start":
		return o.start()
	case "delete":
		return o.remove()
	}
	return errors.New("start, delete, -info or -v is wanted; containerd runs this program")
}

func put(b []byte) error {
	_, err := os.Stdout.Write(b)
	return err
}

// parse reads flags as package flag does: -name value, -name=value, one dash or
// two. Those that it does not know take a value.
func parse(args []string) (*options, error) {
	o := &options{}
	for len(args) > 0 {
		name, dashed := strings.CutPrefix(args[0], "-")
		if !dashed {
			o.action = args[0]
			return o, o.check()
		}
		name, value, has := strings.Cut(strings.TrimPrefix(name, "-"), "=")
		args = args[1:]
		switch name {
		case "v", "version":
			o.action = "version"
			return o, nil
		case "info":
			o.action = "info"
			return o, nil
		case "debug":
			o.debug = true
			continue
		}
		if !has {
			if len(args) == 0 {
				return nil, errors.New("flag -" + name + " needs a value")
			}
			value, args = args[0], args[1:]
		}
		o.set(name, value)
	}
	return o, o.check()
}

func (o *options) set(name, value string) {
	switch name {
	case "namespace":
		o.namespace = value
	case "id":
		o.id = value
	case "address":
		o.address = value
	case "bundle":
		o.bundle = value
	}
}

// check refuses names that would not be one element of a path.
func (o *options) check() error {
	for _, s := range []string{o.namespace, o.id} {
		if s == "" || s == "." || s == ".." || strings.ContainsAny(s, "/\x00") {
			return errors.New("-namespace and -id are needed, as one element of a path each")
		}
	}
	return nil
}
