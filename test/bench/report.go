package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// report is bench.json. Times are in milliseconds; ratios are to the first row,
// bare runc, measured in the same rounds.
type report struct {
	Time     time.Time `json:"time"`
	Kernel   string    `json:"kernel"`
	CPUs     int       `json:"cpus"`
	Rounds   int       `json:"rounds"`
	Parallel int       `json:"parallel"`
	Batch    int       `json:"batch"`
	Rows     []row     `json:"rows"`
	Execs    []row     `json:"execs"` // ratios to the first of them
	Lists    []listed  `json:"lists,omitempty"`
	Memory   []memory  `json:"memory,omitempty"`
	Pulls    []pulled  `json:"pulls,omitempty"` // ratios to the first of them
	Joins    []row     `json:"joins,omitempty"` // of networks, ratios to the first of them
	Passed   []passed  `json:"passed,omitempty"`
	Skipped  []skip    `json:"skipped,omitempty"`
}

type row struct {
	Name          string    `json:"name"`
	Median        float64   `json:"medianMS"`
	P10           float64   `json:"p10MS"`
	RatioMedian   float64   `json:"ratioMedian"`
	RatioP10      float64   `json:"ratioP10"`
	CleanMedian   float64   `json:"cleanMedianMS"` // until the run had left nothing
	PerSecond     float64   `json:"perSecond,omitempty"`
	RatioParallel float64   `json:"ratioParallel,omitempty"` // time a run, parallel
	Samples       []float64 `json:"samplesMS"`
}

type skip struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

func (r *report) fill(runs, execs []*contender) {
	r.Rows, r.Execs = rows(runs), rows(execs)
	r.Time, r.CPUs = time.Now().UTC().Truncate(time.Second), runtime.NumCPU()
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		r.Kernel = strings.TrimSpace(string(b))
	}
}

// rows are the figures of contenders, the first being the yardstick.
func rows(all []*contender) []row {
	var out []row
	for _, c := range all {
		x := row{
			Name: c.name, Median: quantile(c.times, 0.5), P10: quantile(c.times, 0.1),
			CleanMedian: quantile(c.cleaned, 0.5), PerSecond: c.perSec, RatioMedian: 1, RatioP10: 1,
		}
		for _, t := range c.times {
			x.Samples = append(x.Samples, ms(t))
		}
		if len(out) > 0 {
			base := out[0]
			x.RatioMedian, x.RatioP10 = x.Median/base.Median, x.P10/base.P10
		}
		if c.perSec > 0 {
			x.RatioParallel = all[0].perSec / c.perSec
		}
		out = append(out, x)
	}
	return out
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// quantile of samples, in milliseconds; q from 0 to 1.
func quantile(samples []time.Duration, q float64) float64 {
	if len(samples) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(samples))
	return ms(s[int(q*float64(len(s)-1)+0.5)])
}

func (r *report) print(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "start to exit of true\tmedian ms\tp10 ms\tx bare\tx bare p10\tclean ms\truns/s\tx bare\t")
	for _, x := range r.Rows {
		fmt.Fprintf(t, "%s\t%.1f\t%.1f\t%.2f\t%.2f\t%.1f\t%.1f\t%.2f\t\n",
			x.Name, x.Median, x.P10, x.RatioMedian, x.RatioP10, x.CleanMedian, x.PerSecond, x.RatioParallel)
	}
	t.Flush()
	r.printExtras(w)
	r.printPulls(w)
	r.printNetwork(w)
	for _, s := range r.Skipped {
		fmt.Fprintf(w, "not measured: %s: %s\n", s.Name, s.Reason)
	}
}

func (r *report) printExtras(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\ntrue in a running container\tmedian ms\tp10 ms\tx runc\tx runc p10\t")
	for _, x := range r.Execs {
		fmt.Fprintf(t, "%s\t%.1f\t%.1f\t%.2f\t%.2f\t\n", x.Name, x.Median, x.P10, x.RatioMedian, x.RatioP10)
	}
	if len(r.Lists) > 0 {
		fmt.Fprintln(t, "\nwithout an engine\tcontainers\trunning\tmedian ms\tp10 ms\t")
	}
	for _, l := range r.Lists {
		fmt.Fprintf(t, "%s\t%d\t%d\t%.1f\t%.1f\t\n", l.Command, l.Containers, l.Running, l.Median, l.P10)
	}
	if len(r.Memory) > 0 {
		fmt.Fprintln(t, "\nbeside an idle container\tprocesses\tanonymous KiB\tPSS KiB\t")
	}
	for _, m := range r.Memory {
		fmt.Fprintf(t, "%s\t%d\t%.0f\t%.0f\t\n", m.Name, m.Processes, m.Anonymous, m.PSS)
	}
	t.Flush()
}

func (r *report) write(path string) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

func (r *report) printPulls(w io.Writer) {
	if len(r.Pulls) == 0 {
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\npull of an image\tmedian ms\tleast ms\tx first\tCPU ms\tpeak KiB\tengine KiB\t")
	for _, p := range r.Pulls {
		fmt.Fprintf(t, "%s\t%.0f\t%.0f\t%.2f\t%.0f\t%d\t%d\t\n", p.Name, p.Median, p.Least, p.Ratio, p.CPU, p.Peak, p.Engine)
	}
	t.Flush()
}

func (r *report) printNetwork(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	if len(r.Joins) > 0 {
		fmt.Fprintln(t, "\njoin a network and leave it\tmedian ms\tp10 ms\tx first\tx first p10\t")
	}
	for _, x := range r.Joins {
		fmt.Fprintf(t, "%s\t%.1f\t%.1f\t%.2f\t%.2f\t\n", x.Name, x.Median, x.P10, x.RatioMedian, x.RatioP10)
	}
	if len(r.Passed) > 0 {
		fmt.Fprintln(t, "\nTCP by iperf3\tnetwork\tGbit/s\tx reference\t")
	}
	for _, p := range r.Passed {
		fmt.Fprintf(t, "%s\t%s\t%.2f\t%.2f\t\n", p.Way, p.Network, p.Median, p.Ratio)
	}
	t.Flush()
}
