package csi

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// DirsEnv names folders to look for drivers in, separated by colons.
const DirsEnv = "POUCH_CSI_DIRS"

// maxMessage bounds an answer: lists of volumes can be long.
const maxMessage = 16 << 20

// Dirs are the folders that drivers are looked for in: kubelet's, where drivers
// put their sockets, and csi below /run.
func Dirs() []string {
	if list := os.Getenv(DirsEnv); list != "" {
		return filepath.SplitList(list)
	}
	return []string{"/var/lib/kubelet/plugins", "/run/csi"}
}

// Sockets returns the drivers in Dirs by name: DIR/NAME/csi.sock or DIR/NAME.sock.
func Sockets() (map[string]string, error) {
	out := map[string]string{}
	for _, dir := range slices.Backward(Dirs()) {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			path, name := filepath.Join(dir, e.Name()), strings.TrimSuffix(e.Name(), ".sock")
			if e.IsDir() {
				path, name = filepath.Join(path, "csi.sock"), e.Name()
			}
			if st, err := os.Stat(path); err == nil && st.Mode().Type() == fs.ModeSocket {
				out[name] = path
			}
		}
	}
	return out, nil
}

// socket is the path of the socket that addr names.
func socket(addr string) (string, error) {
	path := addr
	for _, scheme := range []string{"unix://", "unix:"} {
		if p, ok := strings.CutPrefix(addr, scheme); ok {
			path = p
			break
		}
	}
	if filepath.IsAbs(path) {
		return filepath.Clean(path), nil
	}
	if path != addr || path == "" || strings.ContainsAny(path, "/:\x00") {
		return "", errs.New(errs.Invalid, "address %q of a CSI driver: unix:///path, /path or the name of one in %s expected", addr, strings.Join(Dirs(), ", "))
	}
	known, err := Sockets()
	if err != nil {
		return "", err
	}
	if p := known[path]; p != "" {
		return p, nil
	}
	return "", errs.New(errs.NotFound, "no CSI driver %s: there is no %s/csi.sock or %s.sock in %s", path, path, path, strings.Join(Dirs(), ", "))
}

// dial makes a connection that connects at its first call, and again whenever
// the driver has been started anew.
func dial(path string) (*grpc.ClientConn, error) {
	return grpc.NewClient("unix:"+path,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDisableServiceConfig(),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.5, MaxDelay: time.Second},
			MinConnectTimeout: 2 * time.Second,
		}))
}
