package csidriver

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sort"
	"strings"

	csi "github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// volume is volumes/<id>/meta.json; its data is beside it, a folder data or a file image.
type volume struct {
	ID, Name string
	Size     int64
	Loop     bool
	Block    bool
	Source   string
	Node     string // has it; "": none
	ReadOnly bool   // and only for reading
	Targets  []string
}

// snapshot is snapshots/<id>/meta.json.
type snapshot struct {
	ID, Name, Source string
	Size             int64
	Loop             bool
	Created          int64
}

func (d *Driver) volumeDir(id string) string { return d.path("volumes", id) }
func (d *Driver) image(v *volume) string     { return filepath.Join(d.volumeDir(v.ID), "image") }
func (d *Driver) folder(v *volume) string    { return filepath.Join(d.volumeDir(v.ID), "data") }

// Volumes are the ids of the volumes that the driver of dir keeps.
func Volumes(dir string) []string { return ids(filepath.Join(dir, "volumes")) }

// Snapshots are the ids of its snapshots.
func Snapshots(dir string) []string { return ids(filepath.Join(dir, "snapshots")) }

// Attached are the ids of the volumes that a host has.
func Attached(dir string) (out []string) {
	for _, id := range Volumes(dir) {
		var v volume
		if read(filepath.Join(dir, "volumes", id), &v) == nil && v.Node != "" {
			out = append(out, id)
		}
	}
	return out
}

func ids(dir string) (out []string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			out = append(out, e.Name())
		}
	}
	sort.Strings(out)
	return out
}

func read(dir string, to any) error {
	data, err := os.ReadFile(filepath.Join(dir, "meta.json"))
	if err != nil {
		return err
	}
	return json.Unmarshal(data, to)
}

func write(dir string, from any) error {
	data, err := json.Marshal(from)
	if err != nil {
		return err
	}
	tmp := filepath.Join(dir, ".meta")
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(dir, "meta.json"))
}

// find returns a volume, or the answer that there is none.
func (d *Driver) find(id string) (*volume, error) {
	v := &volume{}
	if id == "" {
		return nil, status.Error(codes.InvalidArgument, "volume id missing")
	}
	if strings.Contains(id, "/") || read(d.volumeDir(id), v) != nil {
		return nil, status.Errorf(codes.NotFound, "no volume %s", id)
	}
	return v, nil
}

func (d *Driver) findSnapshot(id string) (*snapshot, error) {
	s := &snapshot{}
	if strings.Contains(id, "/") || read(d.path("snapshots", id), s) != nil {
		return nil, status.Errorf(codes.NotFound, "no snapshot %s", id)
	}
	return s, nil
}

func (d *Driver) used() (sum int64) {
	for _, id := range Volumes(d.o.Dir) {
		if v, err := d.find(id); err == nil {
			sum += v.Size
		}
	}
	return sum
}

// checkCapabilities refuses what is no description of a use.
func checkCapabilities(list []*csi.VolumeCapability) error {
	if len(list) == 0 {
		return status.Error(codes.InvalidArgument, "volume capabilities missing")
	}
	for _, c := range list {
		if c.GetAccessMode() == nil || c.GetAccessType() == nil {
			return status.Error(codes.InvalidArgument, "volume capability says too little")
		}
		if f := c.GetMount().GetFsType(); f != "" && f != "ext4" {
			return status.Errorf(codes.InvalidArgument, "file system %s is not known", f)
		}
	}
	return nil
}
