// Command bench times `true` in a container from start to exit: pouch-run
// beside bare runc, and podman, docker and crun where they work, interleaved,
// so that a machine that is busy for a while slows all of them alike.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/pouchcontainer/pouch/test/harness"
)

func main() {
	o := options{}
	flag.IntVar(&o.rounds, "rounds", 40, "timed runs of each")
	flag.IntVar(&o.parallel, "parallel", 4, "runs at once when throughput is measured")
	flag.IntVar(&o.batch, "batch", 32, "runs of each when throughput is measured; 0: not measured")
	flag.StringVar(&o.out, "out", "bench.json", "file for the figures")
	flag.BoolVar(&o.peers, "peers", true, "measure podman, docker and crun too")
	flag.Parse()
	os.Exit(harness.Program(func(s *harness.Suite) error { return bench(s, o) }))
}

type options struct {
	rounds, parallel, batch int
	out                     string
	peers                   bool
}

// warmup is how many rounds are run before the timed ones.
const warmup = 3

func bench(s *harness.Suite, o options) error {
	all, err := contenders(s, o.peers)
	if err != nil {
		return err
	}
	var run []*contender
	res := report{Rounds: o.rounds, Parallel: o.parallel, Batch: o.batch}
	for _, c := range all {
		reason := c.ready()
		if reason != "" {
			fmt.Fprintf(os.Stderr, "bench: %s is left out: %s\n", c.name, reason)
			res.Skipped = append(res.Skipped, skip{c.name, reason})
			continue
		}
		defer c.cleanup()
		run = append(run, c)
	}
	fmt.Fprintf(os.Stderr, "bench: %d rounds of %d contenders, interleaved\n", o.rounds, len(run))
	if err := latency(run, o.rounds); err != nil {
		return err
	}
	if o.batch > 0 {
		fmt.Fprintf(os.Stderr, "bench: %d runs of each, %d at once\n", o.batch, o.parallel)
		if err := throughput(run, o.batch, o.parallel); err != nil {
			return err
		}
	}
	res.fill(run)
	res.print(os.Stdout)
	return res.write(o.out)
}
