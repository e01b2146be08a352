// Package cridaemon is a node's containerd for tests: the real one, serving the
// Container Runtime Interface (k8s.io/cri-api) with Pouch's shim and the CNI
// configuration that a test gives it. It may be killed and started anew.
package cridaemon

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// Image is the reference of the one image that there is, for pods and containers:
// its command must be one that stays.
const Image = "docker.io/library/pod:latest"

// Options say what the daemon runs with.
type Options struct {
	Dir     string // for all that it keeps; short, for the paths of sockets
	Bin     string // folder of containerd, ctr and Pouch's programs
	Archive string // the image, of docker save
	CNI     string // a network configuration list
	Cgroup  string // parent of the pods' cgroups
}

// Daemon is one containerd.
type Daemon struct {
	dir, bin, cgroup string

	cmd    *exec.Cmd
	conn   *grpc.ClientConn
	pods   cri.RuntimeServiceClient
	images cri.ImageServiceClient
}

// Start starts the daemon on an empty folder and waits until it can run pods.
func Start(ctx context.Context, o Options) (*Daemon, error) {
	d := &Daemon{dir: o.Dir, bin: o.Bin, cgroup: o.Cgroup}
	if err := d.prepare(o); err != nil {
		return nil, err
	}
	if err := d.Restart(ctx); err != nil {
		return nil, err
	}
	ctr := exec.CommandContext(ctx, filepath.Join(d.bin, "ctr"), "--address", d.socket(), "-n", "k8s.io", "images", "import", "--snapshotter", "overlayfs", o.Archive)
	if out, err := ctr.CombinedOutput(); err != nil {
		return nil, d.fail(fmt.Errorf("import the image: %w: %s", err, out))
	}
	return d, d.fail(poll(ctx, "the image", d.hasImage))
}

// Restart starts the daemon again after Kill.
func (d *Daemon) Restart(ctx context.Context) error {
	log, err := os.OpenFile(filepath.Join(d.dir, "log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	d.cmd = exec.Command(filepath.Join(d.bin, "containerd"), "--config", filepath.Join(d.dir, "config.toml"))
	d.cmd.Stdout, d.cmd.Stderr = log, log
	if err := d.cmd.Start(); err != nil {
		return err
	}
	d.conn, err = grpc.NewClient("unix://"+d.socket(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.WaitForReady(true)))
	if err != nil {
		return d.fail(err)
	}
	d.pods, d.images = cri.NewRuntimeServiceClient(d.conn), cri.NewImageServiceClient(d.conn)
	return d.fail(poll(ctx, "the daemon", d.ready))
}

// Kill kills the daemon with SIGKILL; its pods go on.
func (d *Daemon) Kill() {
	d.conn.Close()
	d.cmd.Process.Kill() // it may have ended
	d.cmd.Wait()         // killed, it has no exit code
}

func (d *Daemon) socket() string { return filepath.Join(d.dir, "c.sock") }

// ready reports whether pods can be run: the runtime's and the network's word.
func (d *Daemon) ready(ctx context.Context) (bool, error) {
	r, err := d.pods.Status(ctx, &cri.StatusRequest{})
	if err != nil {
		return false, nil // it is coming up
	}
	ready := 0
	for _, c := range r.GetStatus().GetConditions() {
		if c.GetStatus() && (c.GetType() == cri.RuntimeReady || c.GetType() == cri.NetworkReady) {
			ready++
		}
	}
	return ready == 2, nil
}

// Network returns what the daemon says of its network: empty when it is ready.
func (d *Daemon) Network(ctx context.Context) (string, error) {
	r, err := d.pods.Status(ctx, &cri.StatusRequest{})
	if err != nil {
		return "", err
	}
	for _, c := range r.GetStatus().GetConditions() {
		if c.GetType() == cri.NetworkReady && !c.GetStatus() {
			return c.GetReason() + ": " + c.GetMessage(), nil
		}
	}
	return "", nil
}

func (d *Daemon) hasImage(ctx context.Context) (bool, error) {
	r, err := d.images.ImageStatus(ctx, &cri.ImageStatusRequest{Image: &cri.ImageSpec{Image: Image}})
	return r.GetImage() != nil, err
}

// fail adds the end of the daemon's log to an error.
func (d *Daemon) fail(err error) error {
	if err == nil {
		return nil
	}
	log, _ := os.ReadFile(filepath.Join(d.dir, "log"))
	return fmt.Errorf("%w\nlog of containerd: …%s", err, log[max(0, len(log)-4000):])
}

// poll repeats is until it is, fails, or ctx is over.
func poll(ctx context.Context, what string, is func(context.Context) (bool, error)) error {
	for {
		ok, err := is(ctx)
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not there in time: %w", what, ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}
