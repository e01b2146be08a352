package main

import (
	"sync"
	"time"
)

// latency runs every contender once a round, each round beginning with another
// one.
func latency(all []*contender, rounds int) error {
	for round := range warmup + rounds {
		for i := range all {
			c := all[(i+round)%len(all)]
			t, err := c.once()
			if err != nil {
				return err
			}
			if round >= warmup {
				c.times = append(c.times, t.exit)
				c.cleaned = append(c.cleaned, t.clean)
			}
		}
	}
	return nil
}

// slice is how many runs of a contender are measured before it is another's turn.
const slice = 96

// throughput runs batch runs of each contender, parallel at once, until the
// last one has left nothing. They take turns as in latency, a slice of the batch
// each.
func throughput(all []*contender, batch, parallel int) error {
	spent, runs := make([]time.Duration, len(all)), make([]int, len(all))
	for turn := 0; turn*slice < batch; turn++ {
		for i := range all {
			at := (turn + i) % len(all)
			n := min(slice, batch-turn*slice)
			begin := time.Now()
			if err := all[at].inParallel(n, parallel); err != nil {
				return err
			}
			spent[at] += time.Since(begin)
			runs[at] += n + 1
		}
	}
	for i, c := range all {
		c.perSec = float64(runs[i]) / spent[i].Seconds()
	}
	return nil
}

// inParallel runs batch runs, parallel at once, and one more that waits for what the
// others left.
func (c *contender) inParallel(batch, parallel int) error {
	numbers := make(chan int)
	errs := make(chan error, parallel)
	var workers sync.WaitGroup
	for range parallel {
		workers.Go(func() {
			for n := range numbers {
				if err := runOne(c.command(n)); err != nil {
					select {
					case errs <- err:
					default:
					}
				}
			}
		})
	}
	for range batch {
		c.serial++
		numbers <- c.serial
	}
	close(numbers)
	workers.Wait()
	select {
	case err := <-errs:
		return err
	default:
	}
	_, err := c.once()
	return err
}
