package starter

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// defaultSocketDir is containerd's own, for its versions that send none.
const defaultSocketDir = "/run/containerd/s"

// maxInput bounds what containerd sends on standard input.
const maxInput = 10 << 20

// start starts a supervisor in the bundle, which is the working folder, or
// finds that of the pod, and prints its address.
func (o *options) start() error {
	input, err := io.ReadAll(io.LimitReader(os.Stdin, maxInput))
	if err != nil {
		return errors.New("read standard input: " + err.Error())
	}
	p := o.params(input)
	pod, err := podOf("config.json")
	if err != nil {
		return err
	}
	group := o.id
	if pod != "" {
		group = pod
	}
	if err := os.MkdirAll(p.socketDir, 0o700); err != nil {
		return err
	}
	path := p.socketDir + "/" + socketName(p.address, o.namespace, group)
	if pod != "" && pod != o.id && connects(path) {
		return put(p.answer("unix://" + path))
	}
	sock, err := listen(path)
	if err != nil {
		return errors.New("listen on " + path + ": " + err.Error())
	}
	if err := o.spawn(sock, path, p); err != nil {
		os.Remove(path)
		return err
	}
	return put(p.answer("unix://" + path))
}

// params are what containerd wants of a start.
type params struct {
	bootstrap      bool // it speaks the bootstrap protocol: 2.3 and later
	address, ttrpc string
	socketDir      string
}

// params reads the bootstrap message (api/runtime/bootstrap/v1). Older versions
// send runtime options there, or nothing, and the rest in the environment.
func (o *options) params(input []byte) params {
	p := params{address: o.address, ttrpc: os.Getenv("TTRPC_ADDRESS"), socketDir: defaultSocketDir}
	f, err := textFields(input)
	if err != nil || f[1] != o.id || f[2] != o.namespace {
		return p
	}
	p.bootstrap = true
	if f[5] != "" {
		p.ttrpc = f[5]
	}
	if f[6] != "" {
		p.address = f[6]
	}
	if f[9] != "" {
		p.socketDir = f[9]
	}
	return p
}

// answer is what containerd reads: a message, or the bare address.
func (p params) answer(address string) []byte {
	if p.bootstrap {
		return bootstrapResult(address)
	}
	return []byte(address)
}

// socketName is short, since a socket's path may have 107 bytes (unix(7)): 128
// bits of FNV-1a of what tells one group from another.
func socketName(parts ...string) string {
	const hex = "0123456789abcdef"
	hi, lo := uint64(0x6c62272e07bb0142), uint64(0x62b821756295c58d)
	for _, s := range parts {
		for i := 0; i <= len(s); i++ {
			if i < len(s) {
				lo ^= uint64(s[i])
			} // else the end of a part: a byte 0
			hi, lo = timesPrime(hi, lo)
		}
	}
	out := make([]byte, 0, 32)
	for _, w := range []uint64{hi, lo} {
		for shift := 60; shift >= 0; shift -= 4 {
			out = append(out, hex[w>>shift&15])
		}
	}
	return string(out)
}

// timesPrime multiplies by FNV's prime for 128 bits, 2^88 + 0x13b.
func timesPrime(hi, lo uint64) (uint64, uint64) {
	const low = 0x13b
	// lo * low in 128 bits, in two halves
	a, b := lo>>32, lo&0xffffffff
	bl := b * low
	al := a*low + bl>>32
	carry := al >> 32
	return hi*low + carry + lo<<24, al<<32 | bl&0xffffffff
}

// listen makes the socket at path. One that nobody listens on is a dead
// supervisor's and is replaced; one that somebody listens on is not.
func listen(path string) (*os.File, error) {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), path)
	old := syscall.Umask(0o177)
	err = syscall.Bind(fd, &syscall.SockaddrUnix{Name: path})
	if errors.Is(err, syscall.EADDRINUSE) && !connects(path) {
		if err = os.Remove(path); err == nil {
			err = syscall.Bind(fd, &syscall.SockaddrUnix{Name: path})
		}
	}
	syscall.Umask(old)
	if err == nil {
		err = syscall.Listen(fd, 128)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// connects reports whether somebody listens at path.
func connects(path string) bool {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer syscall.Close(fd)
	return syscall.Connect(fd, &syscall.SockaddrUnix{Name: path}) == nil
}

// spawn starts the supervisor in a session of its own. Its log is the fifo that
// containerd reads, opened so that nothing ever waits for containerd.
func (o *options) spawn(sock *os.File, path string, p params) error {
	program, err := find("pouch-shim")
	if err != nil {
		return err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	log := null
	if fd, err := syscall.Open("log", syscall.O_WRONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0); err == nil {
		log = os.NewFile(uintptr(fd), "log")
	}
	argv := []string{
		program, "--namespace", o.namespace, "--id", o.id, "--containerd", p.address, "--socket", path,
	}
	if o.debug {
		argv = append(argv, "--debug")
	}
	_, err = os.StartProcess(program, argv, &os.ProcAttr{
		Env:   append(os.Environ(), "TTRPC_ADDRESS="+p.ttrpc),
		Files: []*os.File{null, null, log, sock},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	return err
}

// find finds a program that was installed with this one.
func find(name string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	dir := self[:lastSlash(self)]
	for _, path := range []string{dir + "/" + name, dir + "/../../bin/" + name} {
		if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", errors.New(name + ": not installed beside " + self)
}

func lastSlash(s string) int {
	for i := len(s) - 1; i > 0; i-- {
		if s[i] == '/' {
			return i
		}
	}
	return 0
}
