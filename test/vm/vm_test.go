//go:build vm

package vm

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// machine is the one that all tests share; nil without root.
var machine *Machine

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "1"); err != nil { // one machine
		panic(err)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if os.Geteuid() != 0 {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "pouch-vm-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAIL:", err)
		return 1
	}
	vm := NewMachine(dir)
	end := func() {
		vm.Cut()
		if os.Getenv("POUCH_TEST_KEEP") == "" {
			os.RemoveAll(dir)
		}
	}
	defer end()
	go func() {
		ch := make(chan os.Signal, 1)
		signal.Notify(ch, syscall.SIGINT, syscall.SIGTERM)
		<-ch
		os.RemoveAll(dir) // QEMU dies with us
		os.Exit(130)
	}()
	if err := prepare(vm, dir); err != nil {
		fmt.Fprintln(os.Stderr, "FAIL:", err)
		return 1
	}
	machine = vm
	return m.Run()
}

// prepare boots the machine and installs what a host has.
func prepare(vm *Machine, dir string) error {
	begin := time.Now()
	if err := unpack(dir); err != nil {
		return err
	}
	if err := writeData(dir); err != nil {
		return err
	}
	if err := vm.Start(); err != nil {
		return err
	}
	fmt.Printf("the machine is up after %v\n", time.Since(begin).Round(time.Second))
	for _, c := range []string{
		"cp " + prefix + "/lib/systemd/system/* /etc/systemd/system/ && systemctl daemon-reload",
		"systemctl start pouch-containerd && pouch-image load -q -i " + prefix + "/.cache/images/busybox.tar",
	} {
		if r := vm.Run(context.Background(), Command{Args: []string{"sh", "-c", c}}); r.Err != nil || r.Code != 0 {
			return vm.failed(fmt.Errorf("%s: exit %d, %v: %s%s", c, r.Code, r.Err, r.Stdout, r.Stderr))
		}
	}
	return nil
}

// TestScripts runs testdata/*.txtar: the scripts run here, what stands behind
// guest in the machine.
func TestScripts(t *testing.T) {
	if machine == nil {
		t.Skip("needs root")
	}
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txtar"), func(t *testing.T) {
			testscript.Run(t, testscript.Params{
				Files:               []string{f},
				RequireExplicitExec: true,
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"guest": guest, "exits": exits, "await": await, "put": put, "reboot": reboot, "powercut": powercut, "boot": boot,
				},
			})
			clean(t)
		})
	}
}

// clean fails t when the machine has leftovers, and removes what the script had.
func clean(t *testing.T) {
	const script = `pouch-run ps -aq | pouch-run rm -f -v - >/dev/null
		pouch-net prune -f >/dev/null; pouch-vol prune -a -f >/dev/null
		systemctl reset-failed; rm -rf /etc/pouch/containers/* /etc/systemd/system/t-*; systemctl daemon-reload
		for i in $(seq 60); do pouch-run gc --check >/tmp/gc && exit 0; sleep 0.5; done; cat /tmp/gc; exit 1`
	r := machine.Run(t.Context(), Command{Args: []string{"sh", "-c", script}})
	if r.Err != nil || r.Code != 0 {
		t.Errorf("left in the machine: exit %d, %v: %s%s", r.Code, r.Err, r.Stdout, r.Stderr)
	}
}

// in runs a command in the machine for a script and returns its exit code.
func in(ts *testscript.TestScript, args []string) int {
	ts.Logf("guest %s", strings.Join(args, " "))
	r := machine.Run(context.Background(), Command{Args: args, Stdout: ts.Stdout(), Stderr: ts.Stderr()})
	ts.Check(r.Err)
	return r.Code
}

// guest COMMAND ARGS...: as exec, in the machine; one argument is for sh -c.
func guest(ts *testscript.TestScript, neg bool, args []string) {
	code := in(ts, shell(args))
	if (code == 0) == neg {
		ts.Fatalf("exit code %d", code)
	}
}

func shell(args []string) []string {
	if len(args) == 1 {
		return []string{"sh", "-c", args[0]}
	}
	return args
}

// exits CODE COMMAND ARGS...: as guest, with the exit code that is wanted.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if code := in(ts, shell(args[1:])); code != want {
		ts.Fatalf("exit code %d, not %d", code, want)
	}
}

// awaitTimeout is how long await repeats its command.
const awaitTimeout = 15 * time.Minute

// await COMMAND ARGS...: repeats it in the machine until it exits with 0, or
// with ! until it does not.
func await(ts *testscript.TestScript, neg bool, args []string) {
	for end := time.Now().Add(awaitTimeout); ; time.Sleep(200 * time.Millisecond) {
		r := machine.Run(context.Background(), Command{Args: shell(args)})
		ts.Check(r.Err)
		if (r.Code == 0) != neg {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("waited %v in vain for %q: exit %d: %s%s", awaitTimeout, args, r.Code, r.Stdout, r.Stderr)
		}
	}
}

// put FILE PATH: copies a file of the script into the machine.
func put(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: put FILE PATH")
	}
	r := machine.Run(context.Background(), Command{
		Args:  []string{"sh", "-c", `mkdir -p "${1%/*}" && cat >"$1"`, "sh", args[1]},
		Stdin: []byte(ts.ReadFile(args[0])),
	})
	ts.Check(r.Err)
	if r.Code != 0 {
		ts.Fatalf("put %s: %s", args[1], r.Stderr)
	}
}

// reboot boots the machine anew, in good order.
func reboot(ts *testscript.TestScript, _ bool, _ []string) { ts.Check(machine.Reboot()) }

// boot WORDS...: boots the machine anew with further words on the kernel's command
// line; at the end of the script without.
func boot(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: boot WORDS...")
	}
	with := func(words []string) error {
		machine.Run(context.Background(), Command{Args: []string{"sync"}})
		machine.Cut()
		machine.Words = words
		return machine.Start()
	}
	ts.Defer(func() { ts.Check(with(nil)) })
	ts.Check(with(args))
}

// powercut takes the machine's power away and boots it again.
func powercut(ts *testscript.TestScript, _ bool, _ []string) {
	machine.Cut()
	ts.Check(machine.Start())
}
