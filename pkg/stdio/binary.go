package stdio

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"
)

// loggerEnd is how long a logging program may take to write what it has.
const loggerEnd = 10 * time.Second

// Logger is a logging program of a binary:// URI (containerd's
// core/runtime/v2/README.md, "Logging"): it reads the container's output from
// its descriptors 3 and 4.
type Logger struct {
	Stdout, Stderr *os.File // for the process
	cmd            *exec.Cmd
}

// StartLogger starts the program of uri for container id and waits until it is
// ready. The query of the URI is its arguments.
func StartLogger(uri *url.URL, namespace, id string) (_ *Logger, err error) {
	var files []*os.File
	defer func() {
		if err != nil {
			for _, f := range files {
				f.Close()
			}
		}
	}()
	pipes := make([][2]*os.File, 3) // stdout, stderr, ready
	for i := range pipes {
		r, w, perr := os.Pipe()
		if perr != nil {
			return nil, fmt.Errorf("make a pipe: %w", perr)
		}
		pipes[i] = [2]*os.File{r, w}
		files = append(files, r, w)
	}
	cmd := exec.Command(uri.Path, loggerArgs(uri)...) //nolint:noctx // it lives until Close
	cmd.Env = []string{"CONTAINER_ID=" + id, "CONTAINER_NAMESPACE=" + namespace}
	cmd.ExtraFiles = []*os.File{pipes[0][0], pipes[1][0], pipes[2][1]}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the logging program: %w", err)
	}
	pipes[2][1].Close()
	n, err := pipes[2][0].Read(make([]byte, 1))
	if errors.Is(err, io.EOF) {
		err = nil // how a program of the first version says that it is ready
	}
	if err == nil && n == 0 && uri.Scheme == "binary-v2" {
		err = errors.New("it ended before it was ready")
	}
	if err != nil {
		cmd.Process.Kill()
		cmd.Wait() //nolint:errcheck // the first error is told
		return nil, fmt.Errorf("logging program %s: %w", uri.Path, err)
	}
	for _, f := range []*os.File{pipes[0][0], pipes[1][0], pipes[2][0]} {
		f.Close()
	}
	return &Logger{Stdout: pipes[0][1], Stderr: pipes[1][1], cmd: cmd}, nil
}

func loggerArgs(uri *url.URL) []string {
	var args []string
	for k, vs := range uri.Query() {
		args = append(args, k)
		if len(vs) > 0 {
			args = append(args, vs[0])
		}
	}
	return args
}

// Close waits for the program, whose input has ended with the container; when
// it does not end in time it is told to, then killed.
func (l *Logger) Close() error {
	done := make(chan error, 1)
	go func() { done <- l.cmd.Wait() }()
	for _, sig := range []unix.Signal{unix.SIGTERM, unix.SIGKILL} {
		select {
		case err := <-done:
			return err
		case <-time.After(loggerEnd):
			l.cmd.Process.Signal(sig) //nolint:errcheck // it may have ended just now
		}
	}
	return <-done
}
