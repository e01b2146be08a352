// Command agent runs in the virtual machine of test/vm: it takes commands from
// the host over a virtio port, one after the other, and sends back what they
// print and how they end. In a container it sends lines as sd_notify(3) does, or
// answers on the socket that came as sd_listen_fds(3) has it.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pouchcontainer/pouch/test/vm/wire"
)

func main() {
	var err error
	switch {
	case len(os.Args) > 2 && os.Args[1] == "notify":
		err = notify(strings.Join(os.Args[2:], "\n"))
	case len(os.Args) > 2 && os.Args[1] == "answer":
		err = answer(os.Args[2])
	case len(os.Args) == 2:
		err = serve(os.Args[1])
	default:
		err = errors.New("usage: agent PORT | agent notify LINE... | agent answer WORD")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "agent:", err)
		os.Exit(1)
	}
}

func notify(text string) error {
	c, err := net.Dial("unixgram", os.Getenv("NOTIFY_SOCKET"))
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Write([]byte(text))
	return err
}

// answer serves one connection: a word and the line that it reads.
func answer(word string) error {
	if os.Getenv("LISTEN_FDS") != "1" || os.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		return fmt.Errorf("LISTEN_FDS=%s LISTEN_PID=%s", os.Getenv("LISTEN_FDS"), os.Getenv("LISTEN_PID"))
	}
	l, err := net.FileListener(os.NewFile(3, "socket"))
	if err != nil {
		return err
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		line, _ := bufio.NewReader(c).ReadString('\n')
		fmt.Fprint(c, word, " ", line)
		c.Close()
	}
}

func serve(port string) error {
	f, err := os.OpenFile(port, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return err
	}
	out := &answers{enc: json.NewEncoder(f)}
	out.send(wire.Reply{Boot: strings.TrimSpace(string(boot))})
	in := json.NewDecoder(f)
	var running *exec.Cmd
	for {
		var r wire.Request
		if err := in.Decode(&r); err != nil {
			return err
		}
		switch {
		case !r.Kill:
			running = out.start(r)
		case running != nil && running.Process != nil:
			syscall.Kill(-running.Process.Pid, syscall.SIGKILL)
		}
	}
}

// answers writes to the host, from several goroutines.
type answers struct {
	mu  sync.Mutex
	enc *json.Encoder
}

func (a *answers) send(r wire.Reply) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.enc.Encode(r); err != nil {
		fmt.Fprintln(os.Stderr, "agent: answer:", err)
		os.Exit(1)
	}
}

// start runs the command in a process group of its own.
func (a *answers) start(r wire.Request) *exec.Cmd {
	c := exec.Command(r.Args[0], r.Args[1:]...)
	c.Env, c.Dir = r.Env, r.Dir
	// The search uses this process' own PATH.
	for _, e := range r.Env {
		if p, ok := strings.CutPrefix(e, "PATH="); ok {
			os.Setenv("PATH", p)
			c.Path, c.Err = lookPath(r.Args[0])
		}
	}
	c.Stdin = strings.NewReader(string(r.Stdin))
	c.Stdout = writer(func(b []byte) { a.send(wire.Reply{Stdout: b}) })
	c.Stderr = writer(func(b []byte) { a.send(wire.Reply{Stderr: b}) })
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.WaitDelay = 2 * time.Second // what it left in the background may hold its streams
	if err := c.Start(); err != nil {
		code := 127
		a.send(wire.Reply{Stderr: []byte("agent: " + err.Error() + "\n"), Code: &code})
		return nil
	}
	go func() {
		err := c.Wait()
		code := c.ProcessState.ExitCode()
		if ws, ok := c.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
			code = 128 + int(ws.Signal())
		}
		if err != nil && !errors.Is(err, exec.ErrWaitDelay) && code == 0 {
			code = 1
		}
		a.send(wire.Reply{Code: &code})
	}()
	return c
}

func lookPath(name string) (string, error) {
	if p, err := exec.LookPath(name); err == nil {
		return p, nil
	}
	return name, nil
}

type writer func([]byte)

func (w writer) Write(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, io.ErrShortWrite
	}
	w(append([]byte(nil), b...))
	return len(b), nil
}
