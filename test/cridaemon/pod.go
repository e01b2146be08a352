package cridaemon

import (
	"context"
	"fmt"
	"strings"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// Pod says what a pod is to be.
type Pod struct {
	Name        string
	Ports       []*cri.PortMapping
	Annotations map[string]string
}

// RunPod makes a pod and returns its id and its addresses, separated by commas.
func (d *Daemon) RunPod(ctx context.Context, p Pod) (id, ips string, err error) {
	r, err := d.pods.RunPodSandbox(ctx, &cri.RunPodSandboxRequest{Config: d.sandbox(p)})
	if err != nil {
		return "", "", d.fail(err)
	}
	s, err := d.pods.PodSandboxStatus(ctx, &cri.PodSandboxStatusRequest{PodSandboxId: r.GetPodSandboxId()})
	ips = s.GetStatus().GetNetwork().GetIp()
	for _, a := range s.GetStatus().GetNetwork().GetAdditionalIps() {
		ips += "," + a.GetIp()
	}
	return r.GetPodSandboxId(), ips, d.fail(err)
}

func (d *Daemon) sandbox(p Pod) *cri.PodSandboxConfig {
	return &cri.PodSandboxConfig{
		Metadata:     &cri.PodSandboxMetadata{Name: p.Name, Uid: p.Name + "-uid", Namespace: "default"},
		Hostname:     p.Name,
		PortMappings: p.Ports,
		Annotations:  p.Annotations,
		Linux: &cri.LinuxPodSandboxConfig{
			CgroupParent:    d.cgroup,
			SecurityContext: &cri.LinuxSandboxSecurityContext{NamespaceOptions: &cri.NamespaceOption{}},
		},
	}
}

// Run starts a container in a pod.
func (d *Daemon) Run(ctx context.Context, p Pod, pod string, command ...string) (id string, err error) {
	c, err := d.pods.CreateContainer(ctx, &cri.CreateContainerRequest{
		PodSandboxId:  pod,
		SandboxConfig: d.sandbox(p),
		Config: &cri.ContainerConfig{
			Metadata: &cri.ContainerMetadata{Name: "main"},
			Image:    &cri.ImageSpec{Image: Image},
			Command:  command,
			Linux:    &cri.LinuxContainerConfig{},
		},
	})
	if err != nil {
		return "", d.fail(err)
	}
	_, err = d.pods.StartContainer(ctx, &cri.StartContainerRequest{ContainerId: c.GetContainerId()})
	return c.GetContainerId(), d.fail(err)
}

// Exec runs a command in a container and returns its standard output.
func (d *Daemon) Exec(ctx context.Context, container string, command ...string) (string, error) {
	r, err := d.pods.ExecSync(ctx, &cri.ExecSyncRequest{ContainerId: container, Cmd: command, Timeout: 20})
	if err == nil && r.GetExitCode() != 0 {
		err = fmt.Errorf("%s: exit code %d: %s", strings.Join(command, " "), r.GetExitCode(), r.GetStderr())
	}
	return string(r.GetStdout()), err
}

// Pods returns the names of the pods that are ready.
func (d *Daemon) Pods(ctx context.Context) ([]string, error) {
	r, err := d.pods.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{
		Filter: &cri.PodSandboxFilter{State: &cri.PodSandboxStateValue{State: cri.PodSandboxState_SANDBOX_READY}},
	})
	var out []string
	for _, p := range r.GetItems() {
		out = append(out, p.GetMetadata().GetName())
	}
	return out, d.fail(err)
}

// StopPod ends a pod's containers and its network.
func (d *Daemon) StopPod(ctx context.Context, id string) error {
	_, err := d.pods.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: id})
	return d.fail(err)
}

// RemovePod removes a pod with its containers.
func (d *Daemon) RemovePod(ctx context.Context, id string) error {
	_, err := d.pods.RemovePodSandbox(ctx, &cri.RemovePodSandboxRequest{PodSandboxId: id})
	return d.fail(err)
}

// RemoveAll stops and removes every pod that there is.
func (d *Daemon) RemoveAll(ctx context.Context) error {
	r, err := d.pods.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{})
	if err != nil {
		return d.fail(err)
	}
	for _, p := range r.GetItems() {
		if err := d.StopPod(ctx, p.GetId()); err != nil {
			return err
		}
		if err := d.RemovePod(ctx, p.GetId()); err != nil {
			return err
		}
	}
	return nil
}
