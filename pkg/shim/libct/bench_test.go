package libct_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
	"github.com/pouchcontainer/pouch/pkg/shim/libct"
)

// headStart is the time of a run's work before it creates a container.
const headStart = 20 * time.Millisecond

// BenchmarkCreate is the time of Create alone, of true, in milliseconds: with
// the cgroup attach kept warm during a head start, and without, in turn.
func BenchmarkCreate(b *testing.B) {
	dir := base(b)
	e := libct.New(nil)
	var times [2][]float64
	for b.Loop() {
		for warm := range times {
			ctx, cancel := context.WithCancel(b.Context())
			if warm == 1 {
				go cgroup.Prewarm(ctx)
			}
			time.Sleep(headStart)
			begin := time.Now()
			c, err := e.Create(b.Context(), opts(dir, "true"))
			times[warm] = append(times[warm], time.Since(begin).Seconds()*1e3)
			cancel()
			if err != nil {
				b.Fatal(err)
			}
			if err := c.Delete(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	for warm, name := range []string{"cold", "warm"} {
		slices.Sort(times[warm])
		b.ReportMetric(times[warm][len(times[warm])/2], name+"-median-ms")
		b.ReportMetric(times[warm][len(times[warm])/10], name+"-p10-ms")
	}
}
