package csidriver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Fault makes a call go wrong.
type Fault struct {
	Call  string        // as NodeStageVolume
	Times int           // how often; 0: always
	After bool          // the call has had its effect
	Code  codes.Code    // the answer; OK: the ordinary one
	Slow  time.Duration // before the answer
	Kill  bool          // the driver is killed instead
}

// Set makes the driver in dir have the fault, from its next call on. It may run
// in another process.
func Set(dir string, f Fault) error {
	data, err := json.Marshal(f)
	if err != nil {
		return err
	}
	tmp := filepath.Join(dir, "faults", ".new")
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(dir, "faults", f.Call))
}

// Clear takes a fault away.
func Clear(dir, call string) { os.Remove(filepath.Join(dir, "faults", call)) }

// Calls are the names of the calls that the driver of dir has got, in order.
func Calls(dir string) []string {
	data, err := os.ReadFile(filepath.Join(dir, "calls"))
	if err != nil {
		return nil
	}
	return strings.Fields(string(data))
}

// intercept notes the call, and has it fail where that is asked for.
func (d *Driver) intercept(ctx context.Context, q any, info *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
	call := path.Base(info.FullMethod)
	f := d.fault(call)
	if f == nil {
		return h(ctx, q)
	}
	if !f.After {
		if err := f.strike(ctx); err != nil {
			return nil, err
		}
		return h(ctx, q)
	}
	a, err := h(context.WithoutCancel(ctx), q)
	if err == nil {
		d.log(Done(call))
		err = f.strike(ctx)
	}
	return a, err
}

func (f *Fault) strike(ctx context.Context) error {
	if f.Kill {
		unix.Kill(os.Getpid(), unix.SIGKILL)
	}
	select {
	case <-time.After(f.Slow):
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	}
	if f.Code != codes.OK {
		return status.Error(f.Code, "as the test wants it")
	}
	return nil
}

// fault takes note of a call, and returns its fault if it has one.
func (d *Driver) fault(call string) *Fault {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log(call)
	data, err := os.ReadFile(d.path("faults", call))
	var f Fault
	if err != nil || json.NewDecoder(bytes.NewReader(data)).Decode(&f) != nil {
		return nil
	}
	if f.Times == 1 {
		Clear(d.o.Dir, call)
	} else if f.Times > 1 {
		left := f
		left.Times--
		Set(d.o.Dir, left) // the test sees it
	}
	return &f
}

// Done is what Calls has when a call with a fault after its effect has had that.
func Done(call string) string { return call + "!" }

func (d *Driver) log(word string) {
	if log, err := os.OpenFile(d.path("calls"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
		fmt.Fprintln(log, word)
		log.Close()
	}
}
