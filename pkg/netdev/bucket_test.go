package netdev

import (
	"math"
	"testing"

	"github.com/vishvananda/netlink"
)

// TestTicks: what a slow link needs for its burst, hours, is more than the kernel can
// be told, and does not begin again at nothing.
func TestTicks(t *testing.T) {
	if got, want := ticks(1e6, minBurst), netlink.Xmittime(1e6, minBurst); got < want || got > want+want/1000 {
		t.Errorf("8 Mbit: %d, want %d", got, want)
	}
	for _, rate := range []uint64{1, 12, 125} {
		if got := ticks(rate, minBurst); got != math.MaxUint32 {
			t.Errorf("%d bytes a second: %d", rate, got)
		}
	}
}
