package csi

import (
	"context"
	"errors"

	spec "github.com/container-storage-interface/spec/lib/go/csi"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// Snapshot has the driver keep what the volume s.Source has now (CSI spec,
// CreateSnapshot). It does not wait until volumes can be made of it, which s.Ready
// tells. After an error with s.Asked unset nothing was made. Idempotent.
func (c *Client) Snapshot(ctx context.Context, s *record.Snapshot, save func() error) error {
	o, sec, err := c.snapshots(ctx, s)
	if err != nil {
		return err
	}
	before := s.Asked
	s.Asked = true
	if err := save(); err != nil {
		s.Asked = before
		return err
	}
	ctrl := spec.NewControllerClient(c.controller)
	a, err := call(ctx, c, c.controller, "CreateSnapshot", ctrl.CreateSnapshot, &spec.CreateSnapshotRequest{
		SourceVolumeId: s.Source, Name: "pouch-" + s.ID, Secrets: sec, Parameters: o.params,
	})
	if err != nil {
		if x, ok := errors.AsType[failure](err); ok && x.certain && !before {
			s.Asked = false
		}
		return err
	}
	got := a.GetSnapshot()
	if got.GetSnapshotId() == "" {
		return errs.New(errs.Corrupt, "driver %s: CreateSnapshot gave no snapshot id", c.Name)
	}
	s.Handle, s.Size, s.Ready, s.Made = got.GetSnapshotId(), got.GetSizeBytes(), got.GetReadyToUse(), true
	return save()
}

// RemoveSnapshot has the driver delete a snapshot (CSI spec, DeleteSnapshot);
// one whose making was never answered is asked for again first. Idempotent.
func (c *Client) RemoveSnapshot(ctx context.Context, s *record.Snapshot, save func() error) error {
	if s.Handle == "" {
		err := c.Snapshot(ctx, s, save)
		if x, ok := errors.AsType[failure](err); ok && x.certain {
			return nil
		}
		if err != nil {
			return err
		}
	}
	_, sec, err := c.snapshots(ctx, s)
	if err != nil {
		return err
	}
	ctrl := spec.NewControllerClient(c.controller)
	_, err = call(ctx, c, c.controller, "DeleteSnapshot", ctrl.DeleteSnapshot, &spec.DeleteSnapshotRequest{SnapshotId: s.Handle, Secrets: sec})
	return gone(err)
}

// snapshots prepares for a call about s.
func (c *Client) snapshots(ctx context.Context, s *record.Snapshot) (*options, map[string]string, error) {
	o, err := parseOptions(s.Options)
	if err != nil {
		return nil, nil, err
	}
	if err := c.serve(ctx, o); err != nil {
		return nil, nil, err
	}
	if err := c.need(spec.ControllerServiceCapability_RPC_CREATE_DELETE_SNAPSHOT, "make snapshots"); err != nil {
		return nil, nil, err
	}
	sec, err := secrets(o.secret)
	return o, sec, err
}
