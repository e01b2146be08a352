// Package vm tests Pouch in a virtual machine of the tests' own: QEMU without
// hardware help, Debian's kernel, systemd, cgroup v2. The machine's disk comes
// from scripts/test-images, the programs on a second one.
package vm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/test/vm/wire"
)

// bootTimeout bounds a boot: emulated, on a busy machine.
const bootTimeout = 20 * time.Minute

// Machine is a virtual machine.
type Machine struct {
	Words []string // further ones of the kernel's command line, from the next Start on

	dir    string // of its files: disk.img, data.img, vmlinuz, initrd.img, serial.log
	launch chan func()

	qemu    *exec.Cmd
	exited  chan error // holds QEMU's end
	host    *os.File   // our end of the virtio port
	replies chan wire.Reply
	boot    string
}

// NewMachine makes the machine of the files in dir; Start boots it.
func NewMachine(dir string) *Machine {
	m := &Machine{dir: dir, launch: make(chan func())}
	// PDEATHSIG follows the thread that started the process: it must stay.
	go func() {
		runtime.LockOSThread()
		for f := range m.launch {
			f()
		}
	}()
	return m
}

func (m *Machine) path(name string) string { return filepath.Join(m.dir, name) }

// Start boots the machine and waits for its agent.
func (m *Machine) Start() error {
	program, err := exec.LookPath("qemu-system-" + arch())
	if err != nil {
		return fmt.Errorf("QEMU is not installed: run sudo make deps-vm: %w", err)
	}
	ours, theirs, err := pair()
	if err != nil {
		return err
	}
	defer theirs.Close()
	log, err := os.OpenFile(m.path("qemu.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	m.qemu = exec.Command(program, m.args()...)
	m.qemu.Stdout, m.qemu.Stderr = log, log
	m.qemu.ExtraFiles = []*os.File{theirs}
	m.qemu.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	m.launch <- func() { started <- m.qemu.Start() }
	if err := <-started; err != nil {
		ours.Close()
		return fmt.Errorf("start QEMU: %w", err)
	}
	m.host, m.exited, m.replies = ours, make(chan error, 1), make(chan wire.Reply, 64)
	go func(c *exec.Cmd, ch chan error) { ch <- c.Wait() }(m.qemu, m.exited)
	go receive(ours, m.replies)
	return m.awaitBoot()
}

// args are QEMU's. A cut of power is the end of QEMU: what the machine wrote is with
// this host's kernel by then, so nothing has to wait for a disk (cache=unsafe).
func (m *Machine) args() []string {
	return []string{
		"-machine", "q35", "-accel", "tcg,thread=multi,tb-size=256", "-cpu", processor(), "-smp", "2", "-m", "2048",
		"-nodefaults", "-no-user-config", "-display", "none", "-nic", "none",
		"-kernel", m.path("vmlinuz"), "-initrd", m.path("initrd.img"),
		"-append", "root=/dev/vda rw console=ttyS0 quiet loglevel=3 systemd.show_status=false panic=1 mitigations=off cryptomgr.notests fsck.mode=skip " + strings.Join(m.Words, " "),
		"-drive", "if=virtio,format=raw,cache=unsafe,file=" + m.path("disk.img"),
		"-drive", "if=virtio,format=raw,readonly=on,file=" + m.path("data.img"),
		"-chardev", "file,id=serial,append=on,path=" + m.path("serial.log"), "-serial", "chardev:serial",
		"-device", "virtio-rng-pci",
		"-device", "virtio-serial-pci", "-chardev", "socket,id=port,fd=3", "-device", "virtserialport,chardev=port,name=" + wire.Port,
	}
}

// processor is one that costs little to emulate. With the most that QEMU has (max) a run
// took two thirds more: programs then move memory by instructions that are emulated byte
// by byte (ERMS), and page tables have five levels.
func processor() string {
	if runtime.GOARCH == "amd64" {
		return "Nehalem"
	}
	return "max"
}

func arch() string {
	if runtime.GOARCH == "arm64" {
		return "aarch64"
	}
	return "x86_64"
}

// pair makes the two ends of the virtio port; the second one is QEMU's.
func pair() (ours, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	return os.NewFile(uintptr(fds[0]), "port"), os.NewFile(uintptr(fds[1]), "port"), nil
}

func receive(f *os.File, to chan<- wire.Reply) {
	defer close(to)
	dec := json.NewDecoder(f)
	for {
		var r wire.Reply
		if dec.Decode(&r) != nil {
			return
		}
		to <- r
	}
}

// awaitBoot waits for the agent of another boot than the last one.
func (m *Machine) awaitBoot() error {
	limit := time.NewTimer(bootTimeout)
	defer limit.Stop()
	for {
		select {
		case r, ok := <-m.replies:
			if !ok {
				return m.failed(errors.New("QEMU ended while the machine booted"))
			}
			if r.Boot != "" && r.Boot != m.boot {
				m.boot = r.Boot
				return nil
			}
		case <-limit.C:
			return m.failed(fmt.Errorf("the machine did not boot within %v", bootTimeout))
		}
	}
}

// failed adds what the machine and QEMU said last.
func (m *Machine) failed(err error) error {
	return fmt.Errorf("%w\nserial console: …%s\nQEMU: …%s", err, tail(m.path("serial.log")), tail(m.path("qemu.log")))
}

func tail(path string) string {
	const most = 4 << 10
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	if st, err := f.Stat(); err == nil && st.Size() > most {
		f.Seek(-most, io.SeekEnd)
	}
	b, _ := io.ReadAll(io.LimitReader(f, most))
	return string(b)
}

// Cut takes the machine's power away. Idempotent.
func (m *Machine) Cut() {
	if m.qemu == nil {
		return
	}
	m.qemu.Process.Kill()
	<-m.exited
	m.host.Close()
	for range m.replies { // until its reader has ended
	}
	m.qemu = nil
}

// Reboot restarts the machine in good order.
func (m *Machine) Reboot() error {
	if r := m.Run(context.Background(), Command{Args: []string{"systemctl", "reboot"}}); r.Err != nil {
		return r.Err
	}
	return m.awaitBoot()
}
