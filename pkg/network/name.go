package network

import (
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/parse"
)

// checkName refuses a name that is none, or that means a mode of --network.
func checkName(name string) error {
	switch name {
	case "none", "host", "default", "container", "ns", "cni", "private", Default:
		return errs.New(errs.Invalid, "operation is not permitted on predefined %s network", name)
	}
	_, err := parse.Name("network", name)
	return err
}

// canonical maps docker's other name of the default network.
func canonical(name string) string {
	if name == "default" || name == "" {
		return Default
	}
	return name
}
