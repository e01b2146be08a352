package supervisor

import (
	"flag"
	"os"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// Config is what the command line says.
type Config struct {
	ID         string // of the container, or of the first one of a pod
	Namespace  string // containerd's
	Containerd string // address of containerd's gRPC socket
	Debug      bool
	Backoff    Backoff // between the lives of a container with a restart policy

	// Of a container with a record of Pouch.
	Root, RunRoot string
	Address       string // --address of pouch-run, handed on to its gc

	// Of a supervisor that containerd-shim-pouch-v2 started.
	Socket string // path of the ttrpc socket, removed at the end
}

// Descriptors that a supervisor inherits.
const (
	fdTaskPlain = 3 // listening ttrpc socket, from containerd-shim-pouch-v2

	fdLaunch = 3 // connection to the pouch-run that started it (pkg/ctl)
	fdCtl    = 4 // listening socket of pkg/ctl
	fdTask   = 5 // listening ttrpc socket
	fdLock   = 6 // locked file: this container has a supervisor
)

// pouch reports whether the container has a record of Pouch.
func (c *Config) pouch() bool { return c.Root != "" }

// parse reads the command line, without the program's name.
func parse(args []string) (*Config, error) {
	c := &Config{Backoff: dockerBackoff()}
	f := flag.NewFlagSet("pouch-shim", flag.ContinueOnError)
	f.StringVar(&c.Root, "root", "", "folder of Pouch's state that survives a reboot")
	f.StringVar(&c.RunRoot, "run-root", "", "folder of Pouch's state that ends with the boot")
	f.StringVar(&c.ID, "id", "", "id of the container")
	f.StringVar(&c.Namespace, "namespace", "", "containerd's namespace")
	f.StringVar(&c.Containerd, "containerd", "", "address of containerd")
	f.StringVar(&c.Address, "address", "", "--address of pouch-run")
	f.StringVar(&c.Socket, "socket", "", "path of the ttrpc socket that is descriptor 3")
	f.Var(&c.Backoff, "backoff", "pauses between the lives of a container: `FIRST,MOST`")
	f.BoolVar(&c.Debug, "debug", false, "log each step")
	f.SetOutput(os.Stderr)
	if err := f.Parse(args); err != nil {
		return nil, errs.New(errs.Invalid, "%w", err)
	}
	switch {
	case c.ID == "" || c.Namespace == "":
		return nil, errs.New(errs.Invalid, "pouch-shim is started by pouch-run and by containerd-shim-pouch-v2: --id and --namespace are missing")
	case (c.Root == "") != (c.RunRoot == ""):
		return nil, errs.New(errs.Invalid, "--root and --run-root go together")
	case c.Root == "" && c.Socket == "":
		return nil, errs.New(errs.Invalid, "--root or --socket is needed")
	}
	return c, nil
}
