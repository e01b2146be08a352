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

// throughput runs batch runs of each contender, parallel at once, until the
// last one has left nothing.
func throughput(all []*contender, batch, parallel int) error {
	for _, c := range all {
		begin := time.Now()
		if err := c.inParallel(batch, parallel); err != nil {
			return err
		}
		c.perSec = float64(batch) / time.Since(begin).Seconds()
	}
	return nil
}

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
	_, err := c.once() // and wait for what the others left
	return err
}
