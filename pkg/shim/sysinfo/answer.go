package sysinfo

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// request is struct seccomp_notif of linux/seccomp.h.
type request struct {
	id         uint64
	pid, flags uint32
	nr         int32
	arch       uint32
	ip         uint64
	args       [6]uint64
}

// response is struct seccomp_notif_resp.
type response struct {
	id    uint64
	val   int64
	err   int32
	flags uint32
}

// answer serves one filter until the last process that has it ends.
func (a *Answers) answer(f *os.File) {
	defer a.drop(f)
	raw, err := f.SyscallConn()
	if err != nil {
		return
	}
	for {
		var r request
		over := false
		err := raw.Read(func(fd uintptr) (done bool) {
			over, done = receive(int(fd), &r)
			return over || done
		})
		if err != nil || over {
			return
		}
		if r.id != 0 {
			a.reply(raw, &r)
		}
	}
}

// receive takes a call that waits; done is false when none does. r has no id when
// the process was killed meanwhile.
func receive(fd int, r *request) (over, done bool) {
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if _, err := unix.Poll(p, 0); err != nil {
		return !errors.Is(err, unix.EINTR), false
	}
	if p[0].Revents&unix.POLLIN == 0 {
		return p[0].Revents != 0, false
	}
	*r = request{}
	if ioctl(fd, unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(r)) != nil {
		*r = request{}
	}
	return false, true
}

func (a *Answers) reply(f syscall.RawConn, r *request) {
	out := response{id: r.id}
	if err := a.fill(f, r); err != nil {
		out.flags = unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE // the kernel answers, with the host's figures
	}
	control(f, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&out)) //nolint:errcheck // the process may have ended
}

// fill writes the answer to where the process wants it. Its memory is opened first
// and the call looked at then: a process that has its pid by now is not written to.
func (a *Answers) fill(f syscall.RawConn, r *request) error {
	if r.arch != nativeArch() {
		return errors.New("the structure has another form there")
	}
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return err
	}
	a.change(&info)
	mem, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", r.pid), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer mem.Close()
	if err := control(f, unix.SECCOMP_IOCTL_NOTIF_ID_VALID, unsafe.Pointer(&r.id)); err != nil {
		return err
	}
	_, err = mem.WriteAt(unsafe.Slice((*byte)(unsafe.Pointer(&info)), unsafe.Sizeof(info)), int64(r.args[0]))
	return err
}

// nativeArch is what the kernel calls this machine, for programs of its own kind
// (linux/audit.h); 0: none that is known.
func nativeArch() uint32 {
	switch runtime.GOARCH {
	case "amd64":
		return unix.AUDIT_ARCH_X86_64
	case "arm64":
		return unix.AUDIT_ARCH_AARCH64
	}
	return 0
}

// control is ioctl on f, which stays the poller's.
func control(f syscall.RawConn, number uint, arg unsafe.Pointer) error {
	var err error
	if cerr := f.Control(func(fd uintptr) { err = ioctl(int(fd), number, arg) }); cerr != nil {
		return cerr
	}
	return err
}

func ioctl(fd int, number uint, arg unsafe.Pointer) error {
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(number), uintptr(arg)); e != 0 {
		return e
	}
	return nil
}
