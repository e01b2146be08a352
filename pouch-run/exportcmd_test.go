package main

import (
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/container/command"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/spec"
)

const exportedID = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// exported are records that together have every field of the schema.
func exported() map[string]*record.Container {
	three, mask, score, swappiness := 3, uint32(0o27), -5, int64(7)
	full := &record.Container{
		ID: exportedID, Name: "web", Image: record.Image{Name: "img:1"}, NetworkMode: "back", Runtime: "/bin/runc",
		Process: record.Process{
			Entrypoint: []string{"sh"}, Cmd: []string{"-c", "", "it's", `$HOME %n "q" \x`, "new\nline", "ünï"},
			Env: []string{"A=b c", "E=", "N=x\ny", "Q='\"$%`"}, Cwd: "/w d", User: "1:2", Groups: []string{"7"}, TTY: true, OpenStdin: true,
			StopSignal: "INT", StopTimeout: &three, Init: true, PreserveFDs: 2, Umask: &mask,
			Rlimits: []record.Rlimit{{Type: "RLIMIT_NOFILE", Soft: 5, Hard: ^uint64(0)}},
		},
		Host: record.Host{
			Hostname: "box", Domainname: "example.org", ExtraHosts: []string{"h:1.2.3.4"}, DNS: []string{"1.1.1.1"}, DNSSearch: []string{"x.y"}, DNSOptions: []string{"ndots:2"},
			Privileged: true, CapAdd: []string{"CAP_CHOWN"}, CapDrop: []string{"ALL"}, Seccomp: `{"defaultAction":"SCMP_ACT_ALLOW"}`, NoNewPrivileges: true, AppArmor: "profile", SELinux: []string{"type:t", "level:s0:c1"},
			MaskPaths: []string{"/proc/a", "/b c"}, UnmaskPaths: []string{"/proc/*"},
			ReadonlyRootfs: true, Unmasked: true, ShmSize: 1 << 20, PidMode: "host", IpcMode: "shareable", UtsMode: "private", CgroupnsMode: "private", UsernsMode: "auto",
			Sysctls: map[string]string{"net.core.somaxconn": "1"}, Devices: []record.Device{{HostPath: "/dev/null", ContainerPath: "/dev/n", Permissions: "r"}},
			CDIDevices: []string{"v.com/c=a"}, CDISpecDirs: []string{"/etc"}, DeviceRules: []string{"c 1:3 rwm"}, NoNetFiles: true, CgroupParent: "/a/b", OOMScoreAdj: &score, Lxcfs: true,
			Resources: record.Resources{
				Memory: 64 << 20, MemorySwap: 128 << 20, MemoryReservation: 32 << 20, NanoCPUs: 15e8, CPUShares: 512, CpusetCpus: "0", CpusetMems: "0",
				PidsLimit: 9, OOMKillDisable: true, MemorySwappiness: &swappiness, BlkioWeight: 100, RdtClass: "r", RdtL3: "L3:0=f",
			},
		},
		Networks: []record.Join{{Network: "back", Aliases: []string{"db", "d2"}, IPv4: "10.0.0.2", IPv6: "fd00::2", MAC: "02:00:00:00:00:01"}, {
			Network: "other", Interface: "lan0", LinkLocal: []string{"169.254.1.1"}, Priority: -1, Options: map[string]string{"k": "a,b=c"},
			Ingress: record.Rate{Bits: 8e6, Burst: 65536}, Egress: record.Rate{Bits: 9e6, Burst: 1 << 20},
		}},
		Ports: []record.Port{
			{HostPort: 8080, ContainerPort: 80, Protocol: "tcp"},
			{HostIP: "::1", HostPort: 53, ContainerPort: 53, Protocol: "udp"},
			{ContainerPort: 9, Protocol: "tcp"},
			{HostIP: "127.0.0.1", ContainerPort: 10, Protocol: "tcp"},
			{HostPort: 9000, HostPortEnd: 9005, ContainerPort: 11, Protocol: "tcp"},
		},
		Mounts: []record.Mount{
			{Type: "bind", Source: "/s d", Destination: "/d", ReadOnly: true, Propagation: "rslave", Options: []string{"z"}, CreateSource: true},
			{Type: "volume", Name: "vol", Destination: "/v", NoCopy: true},
			{Type: "volume", Destination: "/anon", Anonymous: true},
			{Type: "volume", Name: "sub", Destination: "/sub", Subpath: "a/b c", Volume: &record.NewVolume{Driver: "local", Options: map[string]string{"type": "tmpfs", "device": "tmpfs", "o": "size=1m,mode=700"}, Labels: record.Labels{"k": "v"}}},
			{Type: "bind", Source: "/a:b", Destination: `/c,"d`, CreateSource: true},
			{Type: "bind", Source: "/x", Destination: "/x", ReadOnly: true, Options: []string{"ro-nonrecursive"}},
			{Type: "tmpfs", Destination: "/ro", ReadOnly: true, Options: []string{"size=1024", "mode=755"}},
			{Type: "tmpfs", Destination: "/t", Options: []string{"size=1m", "exec"}},
		},
		Policy: record.Policy{
			Restart: record.Restart{Name: "on-failure", Max: 3}, OnClientExit: "stop", Timeout: 9, PidFile: "/tmp/pid", Sdnotify: "healthy",
			Log: record.Log{Driver: "json-file", Opts: map[string]string{"max-size": "1m"}},
		},
		DiskQuotas: []record.DiskQuota{{Paths: []string{"/", "/v"}, Size: 10 << 20}, {Paths: []string{"/an.*"}, Size: 5}},
		Labels:     record.Labels{"l1": "a b", "l2": ""}, Annotations: record.Labels{"a.b": "c"},
		Links: []record.Link{{Container: exportedID, Alias: "db"}},
		Secrets: []record.Secret{
			{Name: "s", Target: "/etc/s", UID: 1, GID: 2, Mode: 0o400}, {Name: "e", Target: "SE", Env: true},
		},
		Health: &record.Health{
			Test: []string{"test -f '/x'"}, Shell: true, Interval: time.Minute, Timeout: time.Second, StartPeriod: 2 * time.Second,
			StartInterval: 3 * time.Second, Retries: 4, OnFailure: "kill",
		},
	}
	small := &record.Container{
		ID: exportedID, Name: "small", Image: record.Image{Name: "img"}, NetworkMode: "host",
		Process: record.Process{Cmd: []string{"-x"}, Cwd: "/"},
		Host: record.Host{
			Seccomp: "unconfined", UnmaskPaths: []string{"ALL"}, UIDMap: []record.IDMap{{Container: 0, Host: 1000, Size: 10}, {Container: 10, Host: 5000, Size: 1}}, GIDMap: []record.IDMap{{Container: 0, Host: 2000, Size: 10}, {Container: 10, Host: 6000, Size: 1}},
			Resources: record.Resources{CPUPeriod: 1000, CPUQuota: 2000, CPURealtimePeriod: 1000, CPURealtimeRuntime: 500, KernelMemory: 8 << 20},
		},
		DiskQuotas: []record.DiskQuota{{Size: 1 << 30}}, QuotaID: -1,
		Policy: record.Policy{AutoRemove: true}, Rich: &record.Rich{Mode: "sbin-init", InitScript: "/bin/true 'a b'"},
		Health: &record.Health{Test: []string{"ls", "/x y"}},
	}
	bare := &record.Container{
		ID: exportedID, Name: "bare", Image: record.Image{Name: "img"}, NetworkMode: "bridge", Networks: []record.Join{{Network: "bridge"}},
		Process: record.Process{Entrypoint: []string{"/bin/a b", "two"}, Cwd: "/"},
		Host: record.Host{Resources: record.Resources{
			DeviceReadBps: []record.DeviceRate{{Path: "/dev/loop0", Rate: 5}}, DeviceWriteBps: []record.DeviceRate{{Path: "/dev/loop0", Rate: 6}},
			DeviceReadIOps: []record.DeviceRate{{Path: "/dev/loop0", Rate: 7}}, DeviceWriteIOps: []record.DeviceRate{{Path: "/dev/loop0", Rate: 8}},
			BlkioWeightDevice: []record.DeviceRate{{Path: "/dev/loop0", Rate: 100}}, Unified: map[string]string{"memory.high": "1073741824"},
		}},
	}
	return map[string]*record.Container{"full": full, "small": small, "bare": bare}
}

// TestExportCmdHasEveryField fails when the schema has a field that nobody has
// taught to export-cmd: put it into exported, and its flag into
// pkg/container/command.
func TestExportCmdHasEveryField(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range exported() {
		fields(reflect.ValueOf(*c), "", seen)
	}
	for _, p := range paths(reflect.TypeFor[record.Container](), "") {
		if !seen[p] && !derived(p) {
			t.Errorf("%s: no record of this test has it", p)
		}
	}
}

// derived are fields that follow from others, or that no flag of run is for.
func derived(path string) bool {
	// Given is what of the rest did not come from the image: for an upgrade.
	return strings.HasPrefix(path, ".Given.") || strings.HasPrefix(path, ".Projects.") || slices.Contains([]string{
		".SchemaVersion", ".Created", ".Image.Ref", ".Image.Digest", ".Image.ConfigDigest", ".Image.ChainID", ".Snapshot",
		".Image.Rootfs",       // TestExportCmdRootfs
		".Host.SystemdCgroup", // a flag before the verb
		".Secrets.Own",        // a warning
	}, path)
}

// paths are those of the schema's leaves.
func paths(t reflect.Type, at string) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		return []string{at}
	}
	var out []string
	for f := range t.Fields() {
		out = append(out, paths(f.Type, at+"."+f.Name)...)
	}
	return out
}

// fields notes the paths of leaves of v that are set.
func fields(v reflect.Value, at string, seen map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fields(v.Elem(), at, seen)
		}
	case reflect.Slice:
		for i := range v.Len() {
			fields(v.Index(i), at, seen)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			fields(v.Field(i), at+"."+v.Type().Field(i).Name, seen)
		}
	default:
		seen[at] = seen[at] || !v.IsZero()
	}
}

// TestExportCmdComesBack writes records as command lines, reads these, and
// compares. Limits that this host cannot keep are taken out of both.
func TestExportCmdComesBack(t *testing.T) {
	for name, c := range exported() {
		words, warnings := command.Line(c, nil, "host")
		if len(warnings) > 0 {
			t.Errorf("%s: %q", name, warnings)
		}
		got := recorded(t, c, words)
		want := *c
		container.FitLimits(&want.Host) // as recorded does
		if args := want.Process.Args(); !slices.Equal(args, got.Process.Args()) {
			t.Errorf("%s: command %q, not %q", name, got.Process.Args(), args)
		}
		got.Process.Env = append([]string(nil), got.Process.Env...) // nil for none
		got.Process.Entrypoint, got.Process.Cmd = want.Process.Entrypoint, want.Process.Cmd
		byPlace(got.Mounts)
		want.Mounts = slices.Clone(want.Mounts)
		byPlace(want.Mounts)
		if want.Host.Hostname == "" {
			want.Host.Hostname = got.Host.Hostname
		}
		for i := range reflect.TypeFor[record.Container]().NumField() {
			f := reflect.TypeFor[record.Container]().Field(i)
			g, w := reflect.ValueOf(*got).Field(i).Interface(), reflect.ValueOf(want).Field(i).Interface()
			if !reflect.DeepEqual(g, w) {
				t.Errorf("%s: %s\ngot  %+v\nwant %+v\nof %q", name, f.Name, g, w, words)
			}
		}
	}
}

func byPlace(list []record.Mount) {
	slices.SortFunc(list, func(a, b record.Mount) int { return strings.Compare(a.Destination, b.Destination) })
}

// recorded is the record that run would make of words. What the host lacks is no
// error.
func recorded(t *testing.T, was *record.Container, words []string) *record.Container {
	t.Helper()
	o := &container.Options{}
	app := cmd.App("pouch-run", "", &cli.Command{
		Name: "run", Args: true, Flags: append(runFlags(), containerFlags()...),
		Action: func(c *cli.Context) error {
			o.Image, o.Process.Cmd, o.Runtime = c.Args().First(), c.Args().Tail(), c.String("runtime")
			groups := optionGroups()
			for i, g := range groups {
				if err := g.read(c, o); err != nil && i < len(groups)-1 {
					return err
				}
			}
			return nil
		},
	})
	app.ErrWriter = io.Discard
	args := cmd.Argv(append([]string{"pouch-run", "run"}, words...), app.Flags, app.Commands, "")
	if err := app.Run(args); err != nil {
		t.Fatalf("%q: %v", words, err)
	}
	r, err := spec.Merge(ocispec.ImageConfig{}, o.Process)
	if err != nil {
		t.Fatal(err)
	}
	c := &record.Container{
		ID: was.ID, Name: o.Name, Image: record.Image{Name: o.Image}, Process: r.Process, Host: o.Host, Networks: o.Networks, NetworkMode: o.NetworkMode,
		Ports: o.Ports, Mounts: o.Mounts, Policy: o.Policy, Labels: r.Labels, Annotations: o.Annotations, Runtime: o.Runtime, Rich: o.Rich,
		DiskQuotas: o.DiskQuotas, QuotaID: o.QuotaID,
	}
	for _, l := range o.Links {
		id, alias, _ := strings.Cut(l, ":")
		c.Links = append(c.Links, record.Link{Container: id, Alias: alias})
	}
	for _, s := range o.Secrets {
		c.Secrets = append(c.Secrets, s.Secret)
	}
	if c.Health, err = spec.MergeHealth(nil, o.Health, o.NoHealth); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestExportCmdOverAnImage(t *testing.T) {
	base := &command.Base{
		Process: record.Process{Entrypoint: []string{"ep"}, Cmd: []string{"cmd"}, Env: []string{"PATH=/bin", "GONE=1", "SAME=x"}, Cwd: "/srv", User: "web", StopSignal: "QUIT"},
		Labels:  record.Labels{"same": "1", "other": "2"}, Volumes: []string{"/data"}, Health: &record.Health{Test: []string{"true"}},
	}
	c := &record.Container{ID: exportedID, Name: "cc", Image: record.Image{Name: "img"}, NetworkMode: "bridge", Process: base.Process, Labels: base.Labels, Health: base.Health}
	c.Mounts = []record.Mount{{Type: "volume", Name: "x", Destination: "/data", Anonymous: true}}
	c.Host.Hostname = exportedID[:12]
	for _, step := range []struct {
		change func()
		want   string
	}{
		{func() {}, "--name cc --network bridge img"},
		{func() { c.Process.Cmd = []string{"own", "-x"} }, "--name cc --network bridge img own -x"},
		{func() { c.Process.Cmd = nil }, "--name cc --network bridge --entrypoint ep img"},
		{func() { c.Process.Entrypoint, c.Process.Cmd = nil, []string{"sh"} }, "--name cc --network bridge --entrypoint= img sh"},
		{func() { c.Process.Entrypoint = []string{"ep", "one"} }, "--name cc --network bridge --entrypoint ep img one sh"},
		{func() { c.Process = base.Process; c.Process.Env = []string{"PATH=/own", "SAME=x"} }, "--name cc --unsetenv GONE --env PATH=/own --network bridge img"},
		{func() { c.Process = base.Process; c.Labels = record.Labels{"same": "1", "other": "3"} }, "--name cc --label other=3 --network bridge img"},
		{func() { c.Labels, c.Health = base.Labels, nil }, "--name cc --network bridge --no-healthcheck img"},
	} {
		step.change()
		words, _ := command.Line(c, base, "host")
		if got := strings.Join(words, " "); got != step.want {
			t.Errorf("got  %s\nwant %s", got, step.want)
		}
	}
}

func TestExportCmdRootfs(t *testing.T) {
	c := &record.Container{ID: exportedID, Name: "cc", Image: record.Image{Rootfs: "/srv/root"}, NetworkMode: "host", Process: record.Process{Cmd: []string{"sh"}, Cwd: "/"}}
	words, _ := command.Line(c, &command.Base{Process: record.Process{Cwd: "/"}}, "host")
	if got := strings.Join(words, " "); got != "--name cc --network host --rootfs /srv/root sh" {
		t.Error(got)
	}
}
