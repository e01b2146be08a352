package supervisor

import "testing"

func TestSayable(t *testing.T) {
	for _, c := range [][2]string{
		{"READY=1\nSTATUS=up\n", "READY=1\nSTATUS=up"},
		{"READY=1\nMAINPID=1\nFDSTORE=1\nFDNAME=x\nBARRIER=1\nNOTIFYACCESS=all\nMAINPIDFDID=3", "READY=1"},
		{"WATCHDOG=1", "WATCHDOG=1"},
		{"WATCHDOG_USEC=1", ""},
		{"ready=1\nREADY", "READY"},
		{"", ""},
	} {
		if got := sayable(c[0]); got != c[1] {
			t.Errorf("%q: %q, want %q", c[0], got, c[1])
		}
	}
}

// TestHeldUntilReleased: what is said before the client knows waits, and is
// bounded.
func TestHeldUntilReleased(t *testing.T) {
	n := &sdnotify{}
	for range maxHeld + 10 {
		n.tell("STATUS=x")
	}
	if len(n.held) != maxHeld {
		t.Errorf("%d messages held, want %d", len(n.held), maxHeld)
	}
	var silent *sdnotify
	silent.tell("x")
	silent.release()
	silent.began()
	silent.healthy(healthHealthy)
	silent.stopping()()
}
