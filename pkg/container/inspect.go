package container

import (
	"cmp"
	"context"
	"net/netip"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/network"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/stdio/logopt"
)

// Inspect returns everything about the container that target names, in
// docker's form. It needs no containerd. A missing one gives kind not_found.
func (m *Manager) Inspect(_ context.Context, target string) (*Info, error) {
	c, st, err := m.find(target)
	if errs.Is(err, errs.NotFound) {
		return nil, errs.New(errs.NotFound, "No such object: %s", target)
	}
	if err != nil {
		return nil, err
	}
	nets, err := m.Network.Attachments()
	if err != nil {
		return nil, err
	}
	attached(st, nets[c.ID])
	return m.info(c, st), nil
}

// attached fills in where st's container is, if it runs: of one that has ended
// addresses and ports may be there for a moment still.
func attached(st *record.State, a network.Attachment) {
	if Alive(st) && len(a.Networks) > 0 {
		st.Networks, st.Ports = a.Networks, a.Ports
	}
}

func (m *Manager) info(c *record.Container, st *record.State) *Info {
	dir := m.Store.ContainerDir(c.ID)
	i := &Info{
		ID: c.ID, Created: record.Stamp{Time: c.Created}, Args: []string{}, State: infoState(st),
		Image: c.Image.ConfigDigest, ImageDigest: c.Image.Digest, Name: "/" + c.Name,
		RestartCount: st.Restarts, Driver: "overlayfs", Platform: "linux", Runtime: c.Runtime,
		AppArmorProfile: c.Host.AppArmor, GraphDriver: InfoDriver{"overlayfs", map[string]string{}},
		ResolvConfPath: dir + "/resolv.conf", HostnamePath: dir + "/hostname", HostsPath: dir + "/hosts",
		LogPath: st.LogPath, HostConfig: infoHost(c), Mounts: m.infoMounts(c), Config: infoConfig(c),
		NetworkSettings: m.infoNetwork(c, st), Quotas: m.infoQuotas(c),
	}
	if args := c.Process.Args(); len(args) > 0 {
		i.Path, i.Args = args[0], args[1:]
	}
	if i.Runtime == "" {
		i.Runtime = "pouch"
	}
	i.HostConfig.Links, i.HostConfig.LogConfig = m.linkNames(c), infoLog(c, st)
	return i
}

func infoState(st *record.State) InfoState {
	s := InfoState{
		Status: string(st.Status), Running: Alive(st), Paused: st.Status == record.Paused,
		Restarting: st.Status == record.Restarting, OOMKilled: st.OOMKilled,
		ExitCode: st.ExitCode, Error: st.Error, StartedAt: record.Stamp{Time: st.Started}, FinishedAt: record.Stamp{Time: st.Finished}, Health: infoHealth(st.Health),
		LogError: st.LogError, LogDropped: st.LogDropped,
	}
	if s.Running {
		s.Pid = st.Init.Pid
	}
	return s
}

// infoLog tells the driver that counts where none was asked for: in the background a
// file.
func infoLog(c *record.Container, st *record.State) InfoLog {
	l := InfoLog{c.Policy.Log.Driver, c.Policy.Log.Opts}
	switch {
	case l.Type != "":
	case st.LogPath == "" && !st.Started.IsZero():
		l.Type = "none"
	default:
		l.Type = logopt.JSONFile
	}
	if l.Config == nil {
		l.Config = map[string]string{}
	}
	return l
}

func infoConfig(c *record.Container) InfoConfig {
	p := c.Process
	i := InfoConfig{
		Hostname: c.Host.Hostname, Domainname: c.Host.Domainname, User: p.User,
		Tty: p.TTY, OpenStdin: p.OpenStdin, Env: orEmpty(p.Env), Cmd: p.Cmd,
		Image: c.Image.Name, WorkingDir: p.Cwd, Entrypoint: p.Entrypoint,
		Labels: c.Labels, StopSignal: p.StopSignal, StopTimeout: p.StopTimeout,
	}
	if i.Labels == nil {
		i.Labels = record.Labels{}
	}
	if c.Health != nil {
		i.Healthcheck, i.HealthcheckOnFailureAction = infoHealthcheck(c.Health), c.Health.OnFailure
	}
	if c.Rich != nil {
		i.Rich, i.RichMode, i.InitScript = true, c.Rich.Mode, c.Rich.InitScript
	}
	i.DiskQuota, i.QuotaID = infoDiskQuota(c)
	for _, port := range c.Ports {
		if i.ExposedPorts == nil {
			i.ExposedPorts = map[string]struct{}{}
		}
		i.ExposedPorts[portKey(port)] = struct{}{}
	}
	return i
}

func infoHost(c *record.Container) InfoHost {
	h, r := c.Host, c.Host.Resources
	i := InfoHost{
		NetworkMode: c.NetworkMode, PortBindings: portMap(c.Ports), AutoRemove: c.Policy.AutoRemove,
		RestartPolicy: InfoRestart{cmp.Or(c.Policy.Restart.Name, "no"), c.Policy.Restart.Max},
		Privileged:    h.Privileged, CapAdd: h.CapAdd, CapDrop: h.CapDrop, SecurityOpt: securityOpts(h),
		ReadonlyRootfs: h.ReadonlyRootfs, DNS: orEmpty(h.DNS), DNSOptions: orEmpty(h.DNSOptions), DNSSearch: orEmpty(h.DNSSearch),
		ExtraHosts: h.ExtraHosts, GroupAdd: c.Process.Groups, PidMode: h.PidMode, IpcMode: h.IpcMode, UTSMode: h.UtsMode,
		UsernsMode: h.UsernsMode, Init: c.Process.Init,
		CgroupnsMode: h.CgroupnsMode, CgroupParent: h.CgroupParent, ShmSize: h.ShmSize, Sysctls: h.Sysctls,
		InfoLimits: infoLimits(c.Host),
		Memory:     r.Memory, MemorySwap: r.MemorySwap, MemoryReservation: r.MemoryReservation, NanoCPUs: r.NanoCPUs,
		CPUShares: r.CPUShares, CPUQuota: r.CPUQuota, CPUPeriod: r.CPUPeriod, CpusetCpus: r.CpusetCpus, CpusetMems: r.CpusetMems,
		OomKillDisable: r.OOMKillDisable, Runtime: c.Runtime, Binds: binds(c), Tmpfs: tmpfs(c),
		Ulimits: []InfoUlimit{}, Devices: []InfoDevice{},
	}
	if r.PidsLimit != 0 {
		i.PidsLimit = &r.PidsLimit
	}
	if h.OOMScoreAdj != nil {
		i.OomScoreAdj = *h.OOMScoreAdj
	}
	i.EnableLxcfs = h.Lxcfs
	for _, d := range h.Devices {
		i.Devices = append(i.Devices, InfoDevice{d.HostPath, d.ContainerPath, d.Permissions})
	}
	for _, l := range c.Process.Rlimits {
		i.Ulimits = append(i.Ulimits, InfoUlimit{strings.ToLower(strings.TrimPrefix(l.Type, "RLIMIT_")), l.Hard, l.Soft})
	}
	return i
}

func securityOpts(h record.Host) []string {
	var out []string
	if h.NoNewPrivileges {
		out = append(out, "no-new-privileges")
	}
	if h.Seccomp != "" {
		out = append(out, "seccomp="+h.Seccomp)
	}
	if h.AppArmor != "" {
		out = append(out, "apparmor="+h.AppArmor)
	}
	for _, o := range h.SELinux {
		out = append(out, "label="+o)
	}
	for _, p := range h.MaskPaths {
		out = append(out, "mask="+p)
	}
	for _, p := range h.UnmaskPaths {
		out = append(out, "unmask="+p)
	}
	return out
}

func (m *Manager) infoNetwork(c *record.Container, st *record.State) InfoNetwork {
	n := InfoNetwork{Networks: map[string]InfoEndpoint{}, Ports: portMap(st.Ports)}
	if Alive(st) {
		n.SandboxID, n.SandboxKey = c.ID, m.Store.Netns(c.ID)
	}
	for _, j := range st.Networks {
		e := InfoEndpoint{NetworkID: j.ID, MacAddress: j.MAC, Gateway: j.Gateway, IPv6Gateway: j.Gateway6, Aliases: j.Aliases}
		for _, asked := range c.Networks {
			if asked.Network == j.Network {
				e.DriverOpts, e.GwPriority = asked.Options, asked.Priority
			}
		}
		e.IPAddress, e.IPPrefixLen = cutPrefix(j.IPv4)
		e.GlobalIPv6Address, e.GlobalIPv6PrefixLen = cutPrefix(j.IPv6)
		n.Networks[j.Network] = e
		if n.IPAddress == "" { // the first network, as docker shows its default bridge
			n.IPAddress, n.IPPrefixLen, n.Gateway, n.MacAddress = e.IPAddress, e.IPPrefixLen, e.Gateway, e.MacAddress
			n.GlobalIPv6Address, n.GlobalIPv6PrefixLen, n.IPv6Gateway = e.GlobalIPv6Address, e.GlobalIPv6PrefixLen, e.IPv6Gateway
		}
	}
	return n
}

// cutPrefix splits 10.0.0.2/24.
func cutPrefix(s string) (addr string, bits int) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return s, 0
	}
	return p.Addr().String(), p.Bits()
}

func portKey(p record.Port) string { return strconv.Itoa(int(p.ContainerPort)) + "/" + p.Protocol }

func portMap(ports []record.Port) map[string][]InfoBinding {
	out := map[string][]InfoBinding{}
	for _, p := range ports {
		b := InfoBinding{HostIP: p.HostIP}
		if p.HostPort != 0 {
			b.HostPort = strconv.Itoa(int(p.HostPort))
		}
		if p.HostPortEnd > p.HostPort {
			b.HostPort += "-" + strconv.Itoa(int(p.HostPortEnd))
		}
		out[portKey(p)] = append(out[portKey(p)], b)
	}
	return out
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
