package parse

import (
	"syscall"

	"github.com/moby/sys/signal"
)

// maxSignal is SIGRTMAX, signal(7).
const maxSignal = 64

// Signal reads KILL, SIGKILL, kill or 9, and RTMIN+3 and the like.
func Signal(s string) (syscall.Signal, error) {
	sig, err := signal.ParseSignal(s)
	if err != nil || sig <= 0 || sig > maxSignal {
		return 0, invalid("Invalid signal: %s", s)
	}
	return sig, nil
}
