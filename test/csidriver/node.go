package csidriver

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	csi "github.com/container-storage-interface/spec/lib/go/csi"
	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// NodeStageVolume implements the node service.
func (d *Driver) NodeStageVolume(_ context.Context, q *csi.NodeStageVolumeRequest) (*csi.NodeStageVolumeResponse, error) {
	if need("id or path", q.GetVolumeId(), q.GetStagingTargetPath()) != nil || q.GetVolumeCapability() == nil {
		return nil, status.Error(codes.InvalidArgument, "volume id, staging path or capability missing")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	v, err := d.find(q.GetVolumeId())
	if err != nil {
		return nil, err
	}
	if !d.o.NodeOnly && q.GetPublishContext()["ticket"] != v.ID {
		return nil, status.Error(codes.InvalidArgument, "the ticket of ControllerPublishVolume is missing")
	}
	return &csi.NodeStageVolumeResponse{}, d.stage(v, q.GetStagingTargetPath())
}

func (d *Driver) stage(v *volume, at string) error {
	if v.Block {
		_, err := d.loop(v)
		return err
	}
	if on, err := mountinfo.Mounted(at); err != nil || on {
		return err
	}
	if !v.Loop {
		return unix.Mount(d.folder(v), at, "", unix.MS_BIND, "")
	}
	dev, err := d.loop(v)
	if err != nil {
		return err
	}
	if _, err := run("blkid", dev); err != nil { // no file system yet
		if _, err := run("mkfs.ext4", "-q", "-E", "nodiscard", dev); err != nil {
			return err
		}
	}
	return unix.Mount(dev, at, "ext4", 0, "")
}

// loop is the volume's loop device, made if need be.
func (d *Driver) loop(v *volume) (string, error) {
	out, err := run("losetup", "-n", "-O", "NAME", "-j", d.image(v))
	if err != nil {
		return "", err
	}
	if dev, _, _ := strings.Cut(strings.TrimSpace(out), "\n"); dev != "" {
		return dev, nil
	}
	out, err = run("losetup", "-f", "--show", d.image(v))
	return strings.TrimSpace(out), err
}

// NodeUnstageVolume implements the node service.
func (d *Driver) NodeUnstageVolume(_ context.Context, q *csi.NodeUnstageVolumeRequest) (*csi.NodeUnstageVolumeResponse, error) {
	if need("id or path", q.GetVolumeId(), q.GetStagingTargetPath()) != nil {
		return nil, status.Error(codes.InvalidArgument, "volume id or staging path missing")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := unmount(q.GetStagingTargetPath()); err != nil {
		return nil, err
	}
	v, err := d.find(q.GetVolumeId())
	if err != nil || !v.Loop {
		return &csi.NodeUnstageVolumeResponse{}, nil
	}
	out, err := run("losetup", "-n", "-O", "NAME", "-j", d.image(v))
	if dev := strings.TrimSpace(out); err == nil && dev != "" {
		_, err = run("losetup", "-d", dev)
	}
	return &csi.NodeUnstageVolumeResponse{}, err
}

// NodePublishVolume implements the node service.
func (d *Driver) NodePublishVolume(_ context.Context, q *csi.NodePublishVolumeRequest) (*csi.NodePublishVolumeResponse, error) {
	if need("id or path", q.GetVolumeId(), q.GetTargetPath()) != nil || q.GetVolumeCapability() == nil {
		return nil, status.Error(codes.InvalidArgument, "volume id, target path or capability missing")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	v, err := d.find(q.GetVolumeId())
	if err != nil {
		return nil, err
	}
	if single(q) && slices.ContainsFunc(v.Targets, func(t string) bool { return t != q.GetTargetPath() }) {
		return nil, status.Error(codes.FailedPrecondition, "the volume has its one writer")
	}
	source := q.GetStagingTargetPath()
	switch {
	case d.o.Bare:
		source = d.folder(v)
	case source == "":
		return nil, status.Error(codes.InvalidArgument, "staging path missing")
	}
	if err := d.publish(v, source, q.GetTargetPath(), q.GetReadonly()); err != nil {
		return nil, err
	}
	if !slices.Contains(v.Targets, q.GetTargetPath()) {
		v.Targets = append(v.Targets, q.GetTargetPath())
	}
	return &csi.NodePublishVolumeResponse{}, write(d.volumeDir(v.ID), v)
}

func single(q *csi.NodePublishVolumeRequest) bool {
	return q.GetVolumeCapability().GetAccessMode().GetMode() == csi.VolumeCapability_AccessMode_SINGLE_NODE_SINGLE_WRITER
}

func (d *Driver) publish(v *volume, source, at string, readonly bool) error {
	if on, err := mountinfo.Mounted(at); err == nil && on {
		return nil
	}
	if v.Block {
		dev, err := d.loop(v)
		if err != nil {
			return err
		}
		f, err := os.OpenFile(at, os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		f.Close()
		source = dev
	} else if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(source, at, "", unix.MS_BIND, ""); err != nil || !readonly {
		return err
	}
	return unix.Mount("", at, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, "")
}

// NodeUnpublishVolume implements the node service.
func (d *Driver) NodeUnpublishVolume(_ context.Context, q *csi.NodeUnpublishVolumeRequest) (*csi.NodeUnpublishVolumeResponse, error) {
	if need("id or path", q.GetVolumeId(), q.GetTargetPath()) != nil {
		return nil, status.Error(codes.InvalidArgument, "volume id or target path missing")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	v, err := d.find(q.GetVolumeId())
	if err != nil {
		return nil, err
	}
	if err := unmount(q.GetTargetPath()); err != nil {
		return nil, err
	}
	if err := os.Remove(q.GetTargetPath()); err != nil && !errors.Is(err, unix.ENOENT) {
		return nil, err
	}
	v.Targets = slices.DeleteFunc(v.Targets, func(t string) bool { return t == q.GetTargetPath() })
	return &csi.NodeUnpublishVolumeResponse{}, write(d.volumeDir(v.ID), v)
}

func unmount(at string) error {
	for {
		err := unix.Unmount(at, unix.UMOUNT_NOFOLLOW)
		if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// NodeGetVolumeStats implements the node service.
func (d *Driver) NodeGetVolumeStats(_ context.Context, q *csi.NodeGetVolumeStatsRequest) (*csi.NodeGetVolumeStatsResponse, error) {
	if need("id or path", q.GetVolumeId(), q.GetVolumePath()) != nil {
		return nil, status.Error(codes.InvalidArgument, "volume id or path missing")
	}
	v, err := d.find(q.GetVolumeId())
	if err != nil {
		return nil, err
	}
	var st unix.Statfs_t
	if err := unix.Statfs(q.GetVolumePath(), &st); err != nil {
		return nil, status.Error(codes.NotFound, "nothing is there")
	}
	var used int64
	filepath.WalkDir(q.GetVolumePath(), func(_ string, e os.DirEntry, err error) error { // a guess
		if err == nil && e.Type().IsRegular() {
			if i, err := e.Info(); err == nil {
				used += i.Size()
			}
		}
		return nil
	})
	return &csi.NodeGetVolumeStatsResponse{Usage: []*csi.VolumeUsage{
		{Unit: csi.VolumeUsage_BYTES, Total: v.Size, Used: used, Available: v.Size - used},
		{Unit: csi.VolumeUsage_INODES, Total: int64(st.Files), Available: int64(st.Ffree), Used: int64(st.Files - st.Ffree)},
	}}, nil
}

// NodeExpandVolume implements the node service.
func (d *Driver) NodeExpandVolume(_ context.Context, q *csi.NodeExpandVolumeRequest) (*csi.NodeExpandVolumeResponse, error) {
	if need("id or path", q.GetVolumeId(), q.GetVolumePath()) != nil {
		return nil, status.Error(codes.InvalidArgument, "volume id or path missing")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	v, err := d.find(q.GetVolumeId())
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(q.GetVolumePath()); err != nil {
		return nil, status.Error(codes.NotFound, "nothing is there")
	}
	if v.Loop {
		dev, err := d.loop(v)
		if err == nil {
			_, err = run("losetup", "-c", dev)
		}
		if err == nil && !v.Block {
			_, err = run("resize2fs", dev)
		}
		if err != nil {
			return nil, err
		}
	}
	return &csi.NodeExpandVolumeResponse{CapacityBytes: v.Size}, nil
}
