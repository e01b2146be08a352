package csidriver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"time"

	csi "github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const defaultSize = 16 << 20

// id is derived from a name, so that the same name is the same thing.
func id(name string) string {
	h := sha256.Sum256([]byte(name))
	return hex.EncodeToString(h[:12])
}

// CreateVolume implements the controller service.
func (d *Driver) CreateVolume(_ context.Context, q *csi.CreateVolumeRequest) (*csi.CreateVolumeResponse, error) {
	if q.GetName() == "" {
		return nil, status.Error(codes.InvalidArgument, "name missing")
	}
	if err := checkCapabilities(q.GetVolumeCapabilities()); err != nil {
		return nil, err
	}
	if k := q.GetParameters()["needs-secret"]; k != "" && q.GetSecrets()["key"] != k {
		return nil, status.Error(codes.Unauthenticated, "the key is wrong")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	v := wanted(q)
	if old, err := d.find(v.ID); err == nil {
		if !fits(old.Size, q.GetCapacityRange()) || old.Source != v.Source || old.Block != v.Block || old.Loop != v.Loop {
			return nil, status.Error(codes.AlreadyExists, "the volume exists with other parameters")
		}
		return d.answer(old, q), nil
	}
	if l := q.GetCapacityRange().GetLimitBytes(); l > 0 && v.Size > l || v.Size > d.o.Total {
		return nil, status.Error(codes.OutOfRange, "no volume can have that size")
	}
	if v.Size+d.used() > d.o.Total {
		return nil, status.Error(codes.ResourceExhausted, "no room")
	}
	if err := d.make(v, q.GetVolumeContentSource()); err != nil {
		return nil, err
	}
	return d.answer(v, q), nil
}

func wanted(q *csi.CreateVolumeRequest) *volume {
	v := &volume{ID: id(q.GetName()), Name: q.GetName(), Size: q.GetCapacityRange().GetRequiredBytes(), Loop: q.GetParameters()["kind"] == "loop"}
	if v.Size == 0 {
		v.Size = defaultSize
	}
	for _, c := range q.GetVolumeCapabilities() {
		v.Block = v.Block || c.GetBlock() != nil
	}
	v.Loop = v.Loop || v.Block
	if s := q.GetVolumeContentSource().GetSnapshot(); s != nil {
		v.Source = "snapshot " + s.GetSnapshotId()
	}
	if s := q.GetVolumeContentSource().GetVolume(); s != nil {
		v.Source = "volume " + s.GetVolumeId()
	}
	return v
}

func fits(size int64, r *csi.CapacityRange) bool {
	return size >= r.GetRequiredBytes() && (r.GetLimitBytes() == 0 || size <= r.GetLimitBytes())
}

func (d *Driver) answer(v *volume, q *csi.CreateVolumeRequest) *csi.CreateVolumeResponse {
	a := &csi.Volume{VolumeId: v.ID, CapacityBytes: v.Size, VolumeContext: map[string]string{"made-as": v.Name}, ContentSource: q.GetVolumeContentSource()}
	if d.o.Topology {
		a.AccessibleTopology = []*csi.Topology{{Segments: map[string]string{"zone": "z1"}}}
	}
	return &csi.CreateVolumeResponse{Volume: a}
}

// make makes a volume beside its place, and moves it there.
func (d *Driver) make(v *volume, from *csi.VolumeContentSource) error {
	tmp := d.path("volumes", "."+v.ID)
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(tmp, "data"), 0o755); err != nil {
		return err
	}
	var err error
	switch {
	case from.GetSnapshot() != nil:
		if _, err = d.findSnapshot(from.GetSnapshot().GetSnapshotId()); err == nil {
			err = copyContent(d.path("snapshots", from.GetSnapshot().GetSnapshotId()), tmp)
		}
	case from.GetVolume() != nil:
		if _, err = d.find(from.GetVolume().GetVolumeId()); err == nil {
			err = copyContent(d.volumeDir(from.GetVolume().GetVolumeId()), tmp)
		}
	}
	if err == nil && v.Loop {
		err = grow(filepath.Join(tmp, "image"), v.Size)
	}
	if err == nil {
		err = write(tmp, v)
	}
	if err != nil {
		os.RemoveAll(tmp)
		return err
	}
	return os.Rename(tmp, d.volumeDir(v.ID))
}

// DeleteVolume implements the controller service.
func (d *Driver) DeleteVolume(_ context.Context, q *csi.DeleteVolumeRequest) (*csi.DeleteVolumeResponse, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v, err := d.find(q.GetVolumeId())
	if status.Code(err) == codes.NotFound {
		return &csi.DeleteVolumeResponse{}, nil
	}
	if err != nil {
		return nil, err
	}
	if v.Node != "" {
		return nil, status.Error(codes.FailedPrecondition, "the volume is in use")
	}
	tmp := d.path("volumes", "."+v.ID)
	if err := os.RemoveAll(tmp); err != nil {
		return nil, err
	}
	if err := os.Rename(d.volumeDir(v.ID), tmp); err != nil {
		return nil, err
	}
	return &csi.DeleteVolumeResponse{}, os.RemoveAll(tmp)
}

// ControllerPublishVolume implements the controller service.
func (d *Driver) ControllerPublishVolume(_ context.Context, q *csi.ControllerPublishVolumeRequest) (*csi.ControllerPublishVolumeResponse, error) {
	if need("node id", q.GetNodeId(), q.GetVolumeId()) != nil || q.GetVolumeCapability() == nil {
		return nil, status.Error(codes.InvalidArgument, "volume id, node id or capability missing")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	v, err := d.find(q.GetVolumeId())
	if err != nil {
		return nil, err
	}
	if q.GetNodeId() != nodeID() {
		return nil, status.Error(codes.NotFound, "no such node")
	}
	if v.Node != "" && v.ReadOnly != q.GetReadonly() {
		return nil, status.Error(codes.AlreadyExists, "the host has it otherwise")
	}
	v.Node, v.ReadOnly = nodeID(), q.GetReadonly()
	return &csi.ControllerPublishVolumeResponse{PublishContext: map[string]string{"ticket": v.ID}}, write(d.volumeDir(v.ID), v)
}

// ControllerUnpublishVolume implements the controller service.
func (d *Driver) ControllerUnpublishVolume(_ context.Context, q *csi.ControllerUnpublishVolumeRequest) (*csi.ControllerUnpublishVolumeResponse, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v, err := d.find(q.GetVolumeId())
	if status.Code(err) == codes.NotFound {
		return &csi.ControllerUnpublishVolumeResponse{}, nil
	}
	if err != nil {
		return nil, err
	}
	v.Node, v.ReadOnly = "", false
	return &csi.ControllerUnpublishVolumeResponse{}, write(d.volumeDir(v.ID), v)
}

// ValidateVolumeCapabilities implements the controller service.
func (d *Driver) ValidateVolumeCapabilities(_ context.Context, q *csi.ValidateVolumeCapabilitiesRequest) (*csi.ValidateVolumeCapabilitiesResponse, error) {
	if _, err := d.find(q.GetVolumeId()); err != nil {
		return nil, err
	}
	if err := checkCapabilities(q.GetVolumeCapabilities()); err != nil {
		return nil, err
	}
	return &csi.ValidateVolumeCapabilitiesResponse{Confirmed: &csi.ValidateVolumeCapabilitiesResponse_Confirmed{VolumeCapabilities: q.GetVolumeCapabilities()}}, nil
}

// ListVolumes implements the controller service.
func (d *Driver) ListVolumes(_ context.Context, q *csi.ListVolumesRequest) (*csi.ListVolumesResponse, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a := &csi.ListVolumesResponse{}
	list, next, err := page(Volumes(d.o.Dir), q.GetStartingToken(), q.GetMaxEntries())
	for _, id := range list {
		if v, err := d.find(id); err == nil {
			a.Entries = append(a.Entries, &csi.ListVolumesResponse_Entry{Volume: &csi.Volume{VolumeId: v.ID, CapacityBytes: v.Size}})
		}
	}
	a.NextToken = next
	return a, err
}

func page(all []string, token string, most int32) (list []string, next string, err error) {
	from := 0
	if token != "" {
		if from, err = strconv.Atoi(token); err != nil || from > len(all) {
			return nil, "", status.Error(codes.Aborted, "no such token")
		}
	}
	to := len(all)
	if most > 0 && from+int(most) < to {
		to = from + int(most)
		next = strconv.Itoa(to)
	}
	return all[from:to], next, nil
}

// GetCapacity implements the controller service.
func (d *Driver) GetCapacity(context.Context, *csi.GetCapacityRequest) (*csi.GetCapacityResponse, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &csi.GetCapacityResponse{AvailableCapacity: d.o.Total - d.used()}, nil
}

// ControllerExpandVolume implements the controller service.
func (d *Driver) ControllerExpandVolume(_ context.Context, q *csi.ControllerExpandVolumeRequest) (*csi.ControllerExpandVolumeResponse, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v, err := d.find(q.GetVolumeId())
	if err != nil {
		return nil, err
	}
	if q.GetCapacityRange() == nil {
		return nil, status.Error(codes.InvalidArgument, "capacity range missing")
	}
	if d.o.Offline && v.Node != "" {
		return nil, status.Error(codes.FailedPrecondition, "the volume is in use")
	}
	if n := q.GetCapacityRange().GetRequiredBytes(); n > v.Size {
		if d.used()-v.Size+n > d.o.Total {
			return nil, status.Error(codes.OutOfRange, "no room")
		}
		v.Size = n
	}
	if v.Loop {
		if err := grow(d.image(v), v.Size); err != nil {
			return nil, err
		}
	}
	return &csi.ControllerExpandVolumeResponse{CapacityBytes: v.Size, NodeExpansionRequired: v.Loop}, write(d.volumeDir(v.ID), v)
}

// CreateSnapshot implements the controller service.
func (d *Driver) CreateSnapshot(_ context.Context, q *csi.CreateSnapshotRequest) (*csi.CreateSnapshotResponse, error) {
	if need("name or source", q.GetName(), q.GetSourceVolumeId()) != nil {
		return nil, status.Error(codes.InvalidArgument, "name or source missing")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s := &snapshot{ID: id("snapshot " + q.GetName()), Name: q.GetName(), Source: q.GetSourceVolumeId(), Created: time.Now().Unix()}
	if old, err := d.findSnapshot(s.ID); err == nil {
		if old.Source != s.Source {
			return nil, status.Error(codes.AlreadyExists, "the snapshot exists of another volume")
		}
		return &csi.CreateSnapshotResponse{Snapshot: old.told()}, nil
	}
	v, err := d.find(s.Source)
	if err != nil {
		return nil, err
	}
	s.Size, s.Loop = v.Size, v.Loop
	tmp := d.path("snapshots", "."+s.ID)
	if err := os.RemoveAll(tmp); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(tmp, "data"), 0o755); err != nil {
		return nil, err
	}
	if err := copyContent(d.volumeDir(v.ID), tmp); err != nil {
		return nil, err
	}
	if err := write(tmp, s); err != nil {
		return nil, err
	}
	return &csi.CreateSnapshotResponse{Snapshot: s.told()}, os.Rename(tmp, d.path("snapshots", s.ID))
}

func (s *snapshot) told() *csi.Snapshot {
	return &csi.Snapshot{SnapshotId: s.ID, SourceVolumeId: s.Source, SizeBytes: s.Size, ReadyToUse: true, CreationTime: &timestamppb.Timestamp{Seconds: s.Created}}
}

// DeleteSnapshot implements the controller service.
func (d *Driver) DeleteSnapshot(_ context.Context, q *csi.DeleteSnapshotRequest) (*csi.DeleteSnapshotResponse, error) {
	if q.GetSnapshotId() == "" {
		return nil, status.Error(codes.InvalidArgument, "snapshot id missing")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.findSnapshot(q.GetSnapshotId()); err != nil {
		return &csi.DeleteSnapshotResponse{}, nil
	}
	return &csi.DeleteSnapshotResponse{}, os.RemoveAll(d.path("snapshots", q.GetSnapshotId()))
}

// ListSnapshots implements the controller service.
func (d *Driver) ListSnapshots(_ context.Context, q *csi.ListSnapshotsRequest) (*csi.ListSnapshotsResponse, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var match []string
	for _, id := range Snapshots(d.o.Dir) {
		s, err := d.findSnapshot(id)
		if err == nil && (q.GetSnapshotId() == "" || q.GetSnapshotId() == id) && (q.GetSourceVolumeId() == "" || q.GetSourceVolumeId() == s.Source) {
			match = append(match, id)
		}
	}
	a := &csi.ListSnapshotsResponse{}
	list, next, err := page(match, q.GetStartingToken(), q.GetMaxEntries())
	for _, id := range list {
		if s, err := d.findSnapshot(id); err == nil {
			a.Entries = append(a.Entries, &csi.ListSnapshotsResponse_Entry{Snapshot: s.told()})
		}
	}
	a.NextToken = next
	return a, err
}
