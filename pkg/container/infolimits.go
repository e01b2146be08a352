package container

import "github.com/pouchcontainer/pouch/pkg/record"

// InfoLimits is the rest of HostConfig's limits.
type InfoLimits struct {
	BlkioWeight          uint16
	BlkioWeightDevice    []InfoWeight
	BlkioDeviceReadBps   []InfoRate
	BlkioDeviceWriteBps  []InfoRate
	BlkioDeviceReadIOps  []InfoRate
	BlkioDeviceWriteIOps []InfoRate
	CPURealtimePeriod    uint64 `json:"CpuRealtimePeriod"`
	CPURealtimeRuntime   int64  `json:"CpuRealtimeRuntime"`
	DeviceCgroupRules    []string
	KernelMemory         int64 `json:",omitempty"`
	MemorySwappiness     *int64
	IntelRdtL3Cbm        string            `json:",omitempty"` // PouchContainer's
	RdtClass             string            `json:",omitempty"`
	CgroupConf           map[string]string `json:",omitempty"` // podman's
	CgroupManager        string            // podman's: cgroupfs or systemd
}

// InfoWeight is the weight of one block device.
type InfoWeight struct {
	Path   string
	Weight uint16
}

// InfoRate is the rate of one block device.
type InfoRate struct {
	Path string
	Rate uint64
}

func infoLimits(h record.Host) InfoLimits {
	r := h.Resources
	i := InfoLimits{
		BlkioWeight: r.BlkioWeight, BlkioWeightDevice: []InfoWeight{},
		BlkioDeviceReadBps: infoRates(r.DeviceReadBps), BlkioDeviceWriteBps: infoRates(r.DeviceWriteBps),
		BlkioDeviceReadIOps: infoRates(r.DeviceReadIOps), BlkioDeviceWriteIOps: infoRates(r.DeviceWriteIOps),
		CPURealtimePeriod: r.CPURealtimePeriod, CPURealtimeRuntime: r.CPURealtimeRuntime, DeviceCgroupRules: h.DeviceRules,
		KernelMemory: r.KernelMemory, MemorySwappiness: r.MemorySwappiness,
		IntelRdtL3Cbm: r.RdtL3, RdtClass: r.RdtClass, CgroupConf: r.Unified, CgroupManager: "cgroupfs",
	}
	for _, d := range r.BlkioWeightDevice {
		i.BlkioWeightDevice = append(i.BlkioWeightDevice, InfoWeight{d.Path, uint16(d.Rate)})
	}
	if h.SystemdCgroup {
		i.CgroupManager = "systemd"
	}
	return i
}

func infoRates(list []record.DeviceRate) []InfoRate {
	out := []InfoRate{}
	for _, d := range list {
		out = append(out, InfoRate(d))
	}
	return out
}
