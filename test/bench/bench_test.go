package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/test/harness"
)

// The yardsticks themselves must work, else every ratio is missing.
func TestPeersRun(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	tree, err := harness.Tree()
	if err != nil {
		t.Fatal(err)
	}
	archive, err := harness.Image("busybox")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	rootfs, err := unpack(archive, dir)
	if err != nil {
		t.Fatal(err)
	}
	runc := filepath.Join(tree, "bin", "runc")
	if _, err := os.Stat(runc); err != nil {
		t.Skip("bin/runc is not built: run make")
	}
	c := bare("runc", runc, "1.2.0", rootfs, filepath.Join(dir, "runc"))
	if reason := c.ready(); reason != "" {
		t.Fatal(reason)
	}
	if err := latency([]*contender{c}, 2); err != nil {
		t.Fatal(err)
	}
	if err := throughput([]*contender{c}, 4, 2); err != nil {
		t.Fatal(err)
	}
	if len(c.times) != 2 || c.times[0] <= 0 || c.perSec <= 0 {
		t.Errorf("times %v, %v a second", c.times, c.perSec)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "runc", "state")); err != nil || len(left) != 0 {
		t.Errorf("runc left %v, %v", left, err)
	}
	p := podman(&harness.Suite{Archive: archive}, dir, "podman", "none")
	reason := p.ready()
	p.cleanup()
	if reason != "" && reason != "not installed" {
		t.Errorf("podman: %s", reason)
	}
}

func TestReport(t *testing.T) {
	d := func(ms ...int) (out []time.Duration) {
		for _, m := range ms {
			out = append(out, time.Duration(m)*time.Millisecond)
		}
		return out
	}
	r := report{Skipped: []skip{{"docker", "no daemon answers"}}}
	r.fill([]*contender{
		{name: "bare", times: d(10, 20, 30), cleaned: d(10, 20, 30), perSec: 20},
		{name: "pouch", times: d(40, 50, 15), cleaned: d(45, 55, 20), perSec: 10},
	}, []*contender{{name: "runc exec", times: d(10)}, {name: "pouch exec", times: d(7)}})
	r.Memory, r.Lists = []memory{{"shim", 10, 3000, 4000}}, []listed{{"ps", 1000, 200, 15, 14}}
	if x := r.Rows[1]; x.Median != 40 || x.RatioMedian != 2 || x.P10 != 15 || x.CleanMedian != 45 || x.RatioParallel != 2 {
		t.Errorf("%+v", x)
	}
	var b bytes.Buffer
	r.print(&b)
	for _, want := range []string{"pouch", "2.00", "0.70", "shim", "1000", "not measured: docker: no daemon answers"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in the table:\n%s", want, b.String())
		}
	}
}
