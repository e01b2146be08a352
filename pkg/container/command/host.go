package command

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pouchcontainer/pouch/pkg/record"
)

func (l *line) rights() {
	h := l.c.Host
	l.on("privileged", h.Privileged)
	l.each("cap-add", h.CapAdd)
	l.each("cap-drop", h.CapDrop)
	if h.Seccomp != "" {
		l.add("security-opt", "seccomp="+h.Seccomp)
	}
	if h.AppArmor != "" {
		l.add("security-opt", "apparmor="+h.AppArmor)
	}
	for _, s := range h.SELinux {
		l.add("security-opt", "label="+s)
	}
	for _, p := range h.MaskPaths {
		l.add("security-opt", "mask="+p)
	}
	for _, p := range h.UnmaskPaths {
		l.add("security-opt", "unmask="+p)
	}
	if h.NoNewPrivileges {
		l.add("security-opt", "no-new-privileges")
	}
	if h.Unmasked {
		l.add("security-opt", "systempaths=unconfined")
	}
}

func (l *line) devices() {
	h := l.c.Host
	for _, d := range h.Devices {
		l.add("device", d.HostPath+":"+d.ContainerPath+":"+d.Permissions)
	}
	l.each("cdi-spec-dir", h.CDISpecDirs)
	l.each("device", h.CDIDevices)
	l.each("device-cgroup-rule", h.DeviceRules)
}

func (l *line) namespaces() {
	h := l.c.Host
	l.addIf("pid", h.PidMode)
	l.addIf("ipc", h.IpcMode)
	l.addIf("uts", h.UtsMode)
	l.addIf("userns", h.UsernsMode)
	if h.UsernsMode == "" {
		l.idMaps("uidmap", h.UIDMap)
		l.idMaps("gidmap", h.GIDMap)
	}
	l.addIf("cgroupns", h.CgroupnsMode)
	l.addIf("cgroup-parent", h.CgroupParent)
	l.pairs("sysctl", h.Sysctls)
}

func (l *line) idMaps(flag string, maps []record.IDMap) {
	for _, m := range maps {
		l.add(flag, fmt.Sprintf("%d:%d:%d", m.Container, m.Host, m.Size))
	}
}

func (l *line) resources() {
	r := l.c.Host.Resources
	l.number("memory", r.Memory)
	l.number("memory-swap", r.MemorySwap)
	l.number("memory-reservation", r.MemoryReservation)
	if r.MemorySwappiness != nil {
		l.add("memory-swappiness", strconv.FormatInt(*r.MemorySwappiness, 10))
	}
	l.number("kernel-memory", r.KernelMemory)
	l.on("oom-kill-disable", r.OOMKillDisable)
	if s := l.c.Host.OOMScoreAdj; s != nil {
		l.add("oom-score-adj", strconv.Itoa(*s))
	}
	l.on("lxcfs", l.c.Host.Lxcfs)
	if r.NanoCPUs != 0 {
		l.add("cpus", cpus(r.NanoCPUs))
	}
	l.number("cpu-shares", int64(r.CPUShares))
	l.number("cpu-period", int64(r.CPUPeriod))
	l.number("cpu-quota", r.CPUQuota)
	l.number("cpu-rt-period", int64(r.CPURealtimePeriod))
	l.number("cpu-rt-runtime", r.CPURealtimeRuntime)
	l.addIf("cpuset-cpus", r.CpusetCpus)
	l.addIf("cpuset-mems", r.CpusetMems)
	l.number("pids-limit", r.PidsLimit)
	l.number("blkio-weight", int64(r.BlkioWeight))
	l.rates("blkio-weight-device", r.BlkioWeightDevice)
	l.rates("device-read-bps", r.DeviceReadBps)
	l.rates("device-write-bps", r.DeviceWriteBps)
	l.rates("device-read-iops", r.DeviceReadIOps)
	l.rates("device-write-iops", r.DeviceWriteIOps)
	l.addIf("rdt-class", r.RdtClass)
	l.addIf("intel-rdt-l3-cbm", r.RdtL3)
	l.pairs("cgroup-conf", r.Unified)
}

// cpus is a number of processors with up to nine digits after the point.
func cpus(nano int64) string {
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%d.%09d", nano/1e9, nano%1e9), "0"), ".")
}

func (l *line) rates(flag string, list []record.DeviceRate) {
	for _, d := range list {
		l.add(flag, d.Path+":"+strconv.FormatUint(d.Rate, 10))
	}
}

func (l *line) logs() {
	l.addIf("log-driver", l.c.Policy.Log.Driver)
	l.pairs("log-opt", l.c.Policy.Log.Opts)
}

func (l *line) health() {
	h := l.c.Health
	var image *record.Health
	if l.base != nil {
		image = l.base.Health
	}
	switch {
	case h == nil && image == nil && l.base != nil:
		return
	case h == nil:
		l.on("no-healthcheck", l.c.Image.Rootfs == "")
		return
	case image != nil && sameHealth(h, image):
		return
	}
	l.add("health-cmd", healthCommand(h))
	for _, t := range []struct {
		flag string
		d    time.Duration
	}{
		{"health-interval", h.Interval},
		{"health-timeout", h.Timeout},
		{"health-start-period", h.StartPeriod},
		{"health-start-interval", h.StartInterval},
	} {
		if t.d != 0 {
			l.add(t.flag, t.d.String())
		}
	}
	l.number("health-retries", int64(h.Retries))
	l.addIf("health-on-failure", h.OnFailure)
}

// healthCommand is a text for the shell, or the JSON array of a command.
func healthCommand(h *record.Health) string {
	if h.Shell && len(h.Test) == 1 && h.Test[0] != "none" && h.Test[0] != "" && h.Test[0][0] != '[' {
		return h.Test[0]
	}
	kind := "CMD"
	if h.Shell {
		kind = "CMD-SHELL"
	}
	text, _ := json.Marshal(append([]string{kind}, h.Test...)) // strings always marshal
	return string(text)
}

func sameHealth(a, b *record.Health) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

func (l *line) rich() {
	r := l.c.Rich
	if r == nil {
		return
	}
	l.on("rich", true)
	l.addIf("rich-mode", r.Mode)
	l.addIf("initscript", r.InitScript)
}
