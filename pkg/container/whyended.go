package container

import (
	"fmt"
	"strings"

	"github.com/docker/go-units"
	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// memory explains a kill for memory in the container's cgroup.
func (e *end) memory() *Why {
	if !e.st.OOMKilled {
		return nil
	}
	limit := "the limit of its cgroup"
	if e.c != nil && e.c.Host.Resources.Memory > 0 {
		limit = "its limit of " + units.BytesSize(float64(e.c.Host.Resources.Memory))
	}
	w := &Why{Code: whyOOM, Remedy: "give it more with --memory, or look at what it allocates"}
	if e.st.ExitCode == 137 {
		w.Reason = "the kernel killed it for memory, at " + limit
	} else {
		w.Reason = fmt.Sprintf("the kernel killed a process of it for memory, at %s; process 1 then ended with %d", limit, e.st.ExitCode)
	}
	return w
}

// asked explains an end that somebody asked for; nil when the code tells that it
// came otherwise.
func (e *end) asked() *Why {
	sig := signalName(e.st.EndSignal)
	killed := e.st.ExitCode == 137 && e.st.EndSignal != int(unix.SIGKILL)
	hit := e.st.ExitCode == 128+e.st.EndSignal
	switch e.st.EndedBy {
	case record.ByStop:
		return e.stopped("it was stopped by pouch-run stop", whyStopped, sig, killed)
	case record.ByTimeout:
		return &Why{Code: whyTimeout, Reason: "the time that --timeout gives it was over" + e.limit(), Remedy: "a longer --timeout, or none"}
	case record.ByHealth:
		return &Why{Code: whyUnhealthy, Reason: e.unwell() + e.onFailure(), Remedy: "pouch-run inspect -f '{{json .State.Health}}' " + e.name}
	case record.ByShutdown:
		return e.stopped("the host went down", whyShutdown, sig, killed)
	case record.ByCheckpoint:
		return &Why{Code: whyCheckpoint, Reason: "its checkpoint was written", Remedy: "pouch-run restore " + e.name}
	case record.ByKill:
		if hit {
			return &Why{Code: whyKilled, Reason: "it was killed with " + sig + " by pouch-run kill or rm -f"}
		}
	case record.ByClient:
		if hit && e.st.EndSignal == int(unix.SIGKILL) {
			return &Why{Code: whyClient, Reason: "the pouch-run that it ran in the foreground of ended before it", Remedy: "run it with -d, or with --on-client-exit keep"}
		}
		if hit || killed {
			return &Why{Code: whySignal, Reason: "its pouch-run got " + sig + " and passed it on"}
		}
	}
	return nil
}

func (e *end) stopped(who, code, sig string, killed bool) *Why {
	w := &Why{Code: code, Reason: fmt.Sprintf("%s with %s and ended with %d", who, sig, e.st.ExitCode)}
	if !killed {
		return w
	}
	w.Reason = fmt.Sprintf("%s with %s, did not end within its time, and was killed", who, sig)
	if code == whyStopped {
		w.Code = whyStopKilled
	}
	w.Remedy = "process 1 must handle " + sig + ": use --init, exec in the script that starts it, or --stop-signal; or give it longer with --stop-timeout"
	return w
}

func (e *end) limit() string {
	if e.c == nil || e.c.Policy.Timeout == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d s)", e.c.Policy.Timeout)
}

// unwell says what the health check found.
func (e *end) unwell() string {
	h := e.st.Health
	if h == nil || len(h.Log) == 0 {
		return "its health check found it unhealthy"
	}
	last := h.Log[len(h.Log)-1]
	text := fmt.Sprintf("its health check failed %d times in a row", h.Streak)
	if out := strings.Join(strings.Fields(last.Output), " "); out != "" {
		text += fmt.Sprintf(", at last with: %.200s", out)
	}
	return text
}

func (e *end) onFailure() string {
	if e.c == nil || e.c.Health == nil || e.c.Health.OnFailure == "" {
		return ""
	}
	return " (--health-on-failure " + e.c.Health.OnFailure + ")"
}

// signalled explains a code that stands for a signal nobody is known to have
// sent.
func (e *end) signalled() *Why {
	n := e.st.ExitCode - 128
	if n < 1 || n > 64 {
		return nil
	}
	sig := signalName(n)
	w := &Why{Code: whySignal, Reason: "it was ended by " + sig}
	switch unix.Signal(n) {
	case unix.SIGSYS:
		w.Code = whySeccomp
		w.Reason = "its seccomp profile killed it (SIGSYS) for a system call that the profile does not allow"
		w.Remedy = "a profile with that call: --security-opt seccomp=FILE; the host's kernel log (audit, type=1326) names the call"
	case unix.SIGKILL:
		w.Reason += ": not by Pouch and not at a limit of its own"
		w.Remedy = "look for who sent it: a process inside, root on the host, or the kernel when the host had no memory left (dmesg)"
	case unix.SIGSEGV, unix.SIGBUS, unix.SIGABRT, unix.SIGFPE, unix.SIGTRAP:
		w.Reason += ": the program crashed"
		w.Remedy = "pouch-run logs " + e.name
	case unix.SIGILL:
		w.Reason += ": an instruction that this processor does not have"
		w.Remedy = "an image built for an older processor"
	case unix.SIGPIPE:
		w.Reason += ": who read its output is gone"
	}
	return w
}

// byItself explains what is left: the command ended.
func (e *end) byItself() *Why {
	w := &Why{Code: whyFailed, Reason: fmt.Sprintf("its command ended by itself with %d", e.st.ExitCode), Remedy: "pouch-run logs " + e.name}
	switch e.st.ExitCode {
	case 0:
		return &Why{Code: whyFinished, Reason: "its command ended by itself with 0"}
	case 126:
		w.Reason += ": by the convention of shells, a command in it could not be executed"
	case 127:
		w.Reason += ": by the convention of shells, a command in it was not found"
	}
	if e.c == nil {
		w.Remedy = ""
	}
	return w
}

func signalName(n int) string {
	if name := unix.SignalName(unix.Signal(n)); name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", n)
}
