package netdev

import (
	"os"
	"testing"
)

func TestTraffic(t *testing.T) {
	const table = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  554219   90225    0    0    0     0          0         0   554219   90225    0    0    0     0       0          0
  eth0:     100       1    0    0    0     0          0         0      200       2    0    0    0     0       0          0
  eth1:      10       1    0    0    0     0          0         0       20       2    0    0    0     0       0          0
`
	if in, out := traffic([]byte(table)); in != 110 || out != 220 {
		t.Errorf("in %d, out %d", in, out)
	}
	if _, _, err := Traffic(os.Getpid()); err != nil {
		t.Error(err)
	}
	if _, _, err := Traffic(1 << 30); err == nil {
		t.Error("a process that is not there")
	}
}
