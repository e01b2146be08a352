// Command bench times `true` in a container from start to exit: pouch-run
// beside bare runc, and podman, docker and crun where they work, interleaved,
// so that a machine that is busy for a while slows all of them alike.
package main

import (
	"errors"
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
	flag.IntVar(&o.containers, "containers", 1000, "containers on disk when ps is timed; 0: it is not")
	flag.IntVar(&o.running, "running", 200, "how many of them run")
	flag.BoolVar(&o.memory, "memory", true, "measure what stays in memory beside an idle container")
	flag.IntVar(&o.pulls, "pulls", 5, "pulls of each when they are timed; 0: they are not")
	flag.BoolVar(&o.only, "only-pulls", false, "time nothing else")
	flag.IntVar(&o.passes, "passes", 5, "measurements of what passes a network; 0: networks are not measured")
	flag.BoolVar(&o.onlyNet, "only-networks", false, "measure nothing but networks")
	flag.Parse()
	os.Exit(harness.Program(func(s *harness.Suite) error { return bench(s, o) }))
}

type options struct {
	rounds, parallel, batch int
	containers, running     int
	out                     string
	peers, memory           bool
	pulls                   int
	only, onlyNet           bool
	passes                  int
}

// warmup is how many rounds are run before the timed ones.
const warmup = 3

func bench(s *harness.Suite, o options) (err error) {
	dir, err := s.Scratch("bench")
	if err != nil {
		return err
	}
	undo, err := onTmpfs(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, undo()) }()
	if o.only {
		r := report{}
		if err := r.pulls(s, o); err != nil {
			return err
		}
		r.fill(nil, nil)
		r.printPulls(os.Stdout)
		return r.write(o.out)
	}
	if o.onlyNet {
		r := report{Rounds: o.rounds}
		if err := r.measureNetwork(s, o, dir); err != nil {
			return err
		}
		r.fill(nil, nil)
		r.printNetwork(os.Stdout)
		return r.write(o.out)
	}
	rootfs, err := unpack(s.Archive, dir)
	if err != nil {
		return err
	}
	res := report{Rounds: o.rounds, Parallel: o.parallel, Batch: o.batch}
	run, left := able(contenders(s, dir, rootfs, o.peers))
	defer cleanup(run)
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
	further, more := able(execs(s, dir, rootfs))
	res.Skipped = append(left, more...)
	fmt.Fprintf(os.Stderr, "bench: %d rounds of exec\n", o.rounds)
	err = latency(further, o.rounds)
	cleanup(further)
	if err != nil {
		return err
	}
	if o.passes > 0 {
		fmt.Fprintf(os.Stderr, "bench: %d rounds of joining a network\n", o.rounds)
		if err := res.measureNetwork(s, o, dir); err != nil {
			return err
		}
	}
	if err := res.extras(s, o, dir); err != nil {
		return err
	}
	res.fill(run, further)
	res.print(os.Stdout)
	return res.write(o.out)
}

// able are the contenders that can take part, and why the others cannot.
func able(all []*contender) (run []*contender, left []skip) {
	for _, c := range all {
		if reason := c.ready(); reason != "" {
			fmt.Fprintf(os.Stderr, "bench: %s is left out: %s\n", c.name, reason)
			left = append(left, skip{c.name, reason})
			continue
		}
		run = append(run, c)
	}
	return run, left
}

func cleanup(all []*contender) {
	for _, c := range all {
		c.cleanup()
	}
}

// extras measures what is no run: memory, and ps beside many containers.
func (r *report) extras(s *harness.Suite, o options, dir string) (err error) {
	if o.memory {
		fmt.Fprintf(os.Stderr, "bench: memory beside %d idle containers\n", idle)
		var left []skip
		r.Memory, left = measureMemory(s, dir)
		r.Skipped = append(r.Skipped, left...)
	}
	if o.containers > 0 {
		fmt.Fprintf(os.Stderr, "bench: ps with %d containers, %d of them running\n", o.containers, o.running)
		if r.Lists, err = measureList(s, o.containers, o.running, o.rounds); err != nil {
			return err
		}
	}
	return r.pulls(s, o)
}

// pulls measures pulls of an image.
func (r *report) pulls(s *harness.Suite, o options) (err error) {
	if o.pulls == 0 {
		return nil
	}
	var left []skip
	r.Pulls, left, err = measurePulls(s, o.pulls, o.peers)
	r.Skipped = append(r.Skipped, left...)
	return err
}
