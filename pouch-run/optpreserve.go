package main

import (
	"os"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
)

// preserveFlags are descriptors of the caller beyond the standard streams.
func preserveFlags() []cli.Flag {
	return []cli.Flag{
		&cli.UintFlag{Name: "preserve-fds", Usage: "give the process `N` of the caller's descriptors, from 3 on", DefaultText: "0; with socket activation those of $LISTEN_FDS"},
	}
}

// readPreserve reads how many descriptors the process gets. Whether they are
// open is seen by who passes them: create does not.
func readPreserve(c *cli.Context, o *container.Options) error {
	n := c.Uint("preserve-fds")
	if n > container.MaxPreserved {
		return errs.New(errs.Invalid, "--preserve-fds %d: at most %d", n, container.MaxPreserved)
	}
	o.Process.PreserveFDs = int(n)
	return nil
}

// preserver returns what hands the caller's descriptors over: as many as asked,
// at least those that systemd has opened for this process (sd_listen_fds(3)),
// with what tells the container's process of the latter.
func preserver(c *cli.Context) func(asked int) (container.Preserved, error) {
	return func(asked int) (p container.Preserved, err error) {
		n := activated()
		if n > container.MaxPreserved {
			return p, errs.New(errs.Invalid, "LISTEN_FDS=%d: at most %d descriptors can be handed over", n, container.MaxPreserved)
		}
		if n > 0 {
			// Process 1 is the container's own, whatever its pid out here.
			p.Env = []string{"LISTEN_PID=1", "LISTEN_FDS=" + strconv.Itoa(n)}
			if names, ok := os.LookupEnv("LISTEN_FDNAMES"); ok {
				p.Env = append(p.Env, "LISTEN_FDNAMES="+names)
			}
		}
		for fd := 3; fd < 3+max(n, asked); fd++ {
			f, err := inherited(c, fd)
			if err != nil {
				return p, err
			}
			p.Files = append(p.Files, f)
		}
		return p, nil
	}
}

// activated is how many sockets systemd has opened for this process.
func activated() int {
	n, err := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	if err != nil || n < 0 || os.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		return 0
	}
	return n
}
