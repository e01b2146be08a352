package parse

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// row is one case of a table: what goes in and what comes out, or the text that
// the error holds.
type row[T any] struct {
	in   string
	want T
	err  string
}

func check[T any](t *testing.T, read func(string) (T, error), rows []row[T]) {
	t.Helper()
	for _, r := range rows {
		got, err := read(r.in)
		switch {
		case r.err != "" && err == nil:
			t.Errorf("%q: no error, want one with %q (got %+v)", r.in, r.err, got)
		case r.err != "" && !strings.Contains(err.Error(), r.err):
			t.Errorf("%q: error %q, want one with %q", r.in, err, r.err)
		case r.err != "" && !errs.Is(err, errs.Invalid) && !errs.Is(err, errs.Unsupported):
			t.Errorf("%q: error of kind %s", r.in, errs.KindOf(err))
		case r.err == "" && err != nil:
			t.Errorf("%q: %v", r.in, err)
		case r.err == "" && !reflect.DeepEqual(got, r.want):
			t.Errorf("%q: got %+v, want %+v", r.in, got, r.want)
		}
	}
}

func TestSizes(t *testing.T) {
	check(t, Size, []row[int64]{
		{in: "0"},
		{in: "10", want: 10},
		{in: "1b", want: 1},
		{in: "1k", want: 1024},
		{in: "1.5g", want: 3 << 29},
		{in: "64M", want: 64 << 20},
		{in: "10KiB", want: 10240},
		{in: "2 mb", want: 2 << 20},
		{in: "", err: "invalid size"},
		{in: "-1", err: "invalid size"},
		{in: "1x", err: "invalid size: '1x'"},
		{in: "9999999p", err: "invalid size"},
	})
	check(t, Memory, []row[int64]{
		{in: "6m", want: 6 << 20}, {in: "0"}, {in: "1", err: "Minimum memory limit allowed is 6MB"}, {in: "6291455", err: "Minimum"},
	})
	check(t, MemorySwap, []row[int64]{{in: "-1", want: -1}, {in: "1g", want: 1 << 30}, {in: "-2", err: "invalid size"}})
	check(t, CPUs, []row[int64]{
		{in: "1.5", want: 15e8},
		{in: "0"},
		{in: "0.01", want: 1e7},
		{in: "1/2", want: 5e8},
		{in: "0.001", err: "least is 0.01"},
		{in: "-1", err: "out of range"},
		{in: "0.1234567891", err: "more than nine digits"},
		{in: "1e9", err: "invalid"},
		{in: "x", err: "invalid"},
	})
	check(t, Cpuset, []row[string]{{in: "0-3,5", want: "0-3,5"}, {in: "3-1", err: "invalid list"}, {in: "0,,1", err: "invalid list"}})
}

func TestNames(t *testing.T) {
	read := func(s string) (string, error) { return Name("container", s) }
	check(t, read, []row[string]{
		{in: "c1", want: "c1"},
		{in: "/c1", want: "c1"},
		{in: "A_b.c-d", want: "A_b.c-d"},
		{in: "a b", err: "Invalid container name (a b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"},
		{in: "a", err: "Invalid container name (a): too short"},
		{in: "-", err: "Invalid container name (-), only"},
		{in: "..", err: "Invalid"},
		{in: "a/b", err: "Invalid"},
		{in: "é1", err: "Invalid"},
		{in: strings.Repeat("a", 129), err: "longer than 128"},
	})
	check(t, Hostname, []row[string]{{in: "web-1.x", want: "web-1.x"}, {in: "", err: "invalid hostname"}, {in: "a b", err: "invalid hostname"}, {in: "-a", err: "invalid"}, {in: strings.Repeat("a", 64), err: "invalid"}})
}

func TestEnv(t *testing.T) {
	host := func(k string) (string, bool) { return "host", k == "C" }
	check(t, func(s string) (string, error) { return Env(s, host) }, []row[string]{
		{in: "A=1", want: "A=1"},
		{in: "A=1=2", want: "A=1=2"},
		{in: "A=", want: "A="},
		{in: "C", want: "C=host"},
		{in: "NOPE", want: "NOPE"},
		{in: "=x", err: "invalid environment variable"},
		{in: "", err: "invalid environment variable"},
		{in: "A=\x00", err: "NUL"},
	})
	check(t, func(s string) ([]string, error) { return EnvFile("FILE", strings.NewReader(s), host) }, []row[[]string]{
		{in: "# c\nA=1 2\n  B=\"q\"\nC\nD=#x\nN\n\n", want: []string{"A=1 2", `B="q"`, "C=host", "D=#x"}},
		{in: "\uFEFFA=1\r\n", want: []string{"A=1"}},
		{in: "A=1 \n", want: []string{"A=1 "}},
		{in: "export E=1", err: "invalid env file (FILE): variable 'export E' contains whitespaces"},
		{in: "A=1\n\xff=2", err: "invalid utf8 bytes at line 2"},
		{in: "=1", err: "no variable name on line '=1'"},
		{in: "A=" + strings.Repeat("x", 140000), err: "line 1 has over 128 KiB"},
	})
}

func TestLabels(t *testing.T) {
	got, err := Labels([]string{"a=1", "b", "a=2=3", " c=d"})
	want := record.Labels{"a": "2=3", "b": "", "c": "d"}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v, %v", got, err)
	}
	for _, bad := range []string{"", "=x", "a b=1"} {
		if _, err := Labels([]string{bad}); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func port(ip string, host, ctr uint16, proto string) record.Port {
	return record.Port{HostIP: ip, HostPort: host, ContainerPort: ctr, Protocol: proto}
}

func TestPorts(t *testing.T) {
	one := func(p record.Port) []record.Port { return []record.Port{p} }
	check(t, Ports, []row[[]record.Port]{
		{in: "80", want: one(port("", 0, 80, "tcp"))},
		{in: "8080:80", want: one(port("", 8080, 80, "tcp"))},
		{in: "0:80", want: one(port("", 0, 80, "tcp"))},
		{in: ":80", want: one(port("", 0, 80, "tcp"))},
		{in: "53:53/UDP", want: one(port("", 53, 53, "udp"))},
		{in: "127.0.0.1:8080:80", want: one(port("127.0.0.1", 8080, 80, "tcp"))},
		{in: "127.0.0.1::80", want: one(port("127.0.0.1", 0, 80, "tcp"))},
		{in: "[::]:8080:80", want: one(port("::", 8080, 80, "tcp"))},
		{in: "[::1]::80/sctp", want: one(port("::1", 0, 80, "sctp"))},
		{in: "1-2:3-4", want: []record.Port{port("", 1, 3, "tcp"), port("", 2, 4, "tcp")}},
		{in: "8000-8010:80/udp", want: one(record.Port{HostPort: 8000, HostPortEnd: 8010, ContainerPort: 80, Protocol: "udp"})},
		{in: "8000-8010:80-81", err: "invalid ranges"},
		{in: "0-9:80", err: "invalid hostPort: 0-9"},
		{in: "3-4", want: []record.Port{port("", 0, 3, "tcp"), port("", 0, 4, "tcp")}},
		{in: "65534-65535:65534-65535", want: []record.Port{port("", 65534, 65534, "tcp"), port("", 65535, 65535, "tcp")}},
		{in: "published=8080,target=80,protocol=udp", want: one(port("", 8080, 80, "udp"))},
		{in: "", err: "no port specified"},
		{in: "8080:", err: "no port specified"},
		{in: "8080:/tcp", err: "no port specified"},
		{in: "80:65536", err: "invalid containerPort: 65536"},
		{in: "x:80", err: "invalid hostPort: x"},
		{in: "0", err: "invalid containerPort"},
		{in: "80/foo", err: "invalid proto: foo"},
		{in: "1-3:1-2", err: "invalid ranges"},
		{in: "foo:1:2", err: "invalid IP address: foo"},
		{in: "published=1,foo=2", err: "unknown option 'foo'"},
	})
	if got, err := Expose("80/tcp"); err != nil || !reflect.DeepEqual(got, one(port("", 0, 80, "tcp"))) {
		t.Errorf("expose: %v %v", got, err)
	}
	if _, err := Expose("1:2"); !errs.Is(err, errs.Invalid) {
		t.Errorf("expose 1:2: %v", err)
	}
}

func TestVolume(t *testing.T) {
	read := func(s string) (record.Mount, error) { return Volume(s, "/cwd") }
	check(t, read, []row[record.Mount]{
		{in: "/data", want: record.Mount{Type: "volume", Destination: "/data", Anonymous: true}},
		{in: "vol:/d", want: record.Mount{Type: "volume", Name: "vol", Destination: "/d"}},
		{in: "vol:/d/:ro,nocopy", want: record.Mount{Type: "volume", Name: "vol", Destination: "/d", ReadOnly: true, NoCopy: true}},
		{in: "/a/../b:/c", want: record.Mount{Type: "bind", Source: "/b", Destination: "/c", CreateSource: true}},
		{in: "./x:/y", want: record.Mount{Type: "bind", Source: "/cwd/x", Destination: "/y", CreateSource: true}},
		{in: "..:/y", want: record.Mount{Type: "bind", Source: "/", Destination: "/y", CreateSource: true}},
		{in: "/a:/b:Z,U,rshared,rw", want: record.Mount{Type: "bind", Source: "/a", Destination: "/b", Options: []string{"Z", "U"}, Propagation: "rshared", CreateSource: true}},
		{in: "/a:/b:ro,cached", want: record.Mount{Type: "bind", Source: "/a", Destination: "/b", ReadOnly: true, CreateSource: true}},
		{in: "vol:/d:delegated", want: record.Mount{Type: "volume", Name: "vol", Destination: "/d"}},
		{in: "/a:/b:cached,consistent", err: "invalid mode"},
		{in: "foo/bar:/x", err: "use an absolute path"},
		{in: "~/x:/x", err: "use an absolute path"},
		{in: "v:/x", err: "Invalid volume name (v): too short"},
		{in: "/a:b", err: "mount path must be absolute"},
		{in: "/a:/", err: "destination can't be '/'"},
		{in: "/a:/b/..", err: "destination can't be '/'"},
		{in: "/a:/b:foo", err: "invalid mode: foo"},
		{in: "/a:/b:ro,rw", err: "invalid mode"},
		{in: "/a:/b:z,Z", err: "invalid mode"},
		{in: "/a:/b:nocopy", err: "invalid mode"},
		{in: "vv:/b:shared", err: "invalid mode"},
		{in: "/a:/b:ro:x", err: "invalid volume specification"},
		{in: "", err: "invalid volume specification"},
		{in: ":/b", err: "invalid volume specification"},
		{in: "/a:/b:", err: "invalid volume specification"},
		{in: "/a\x00:/b", err: "NUL"},
	})
}

func TestMount(t *testing.T) {
	read := func(s string) (record.Mount, error) { return Mount(s, "/cwd") }
	check(t, read, []row[record.Mount]{
		{in: "type=bind,src=/a,dst=/b,readonly", want: record.Mount{Type: "bind", Source: "/a", Destination: "/b", ReadOnly: true}},
		{in: "type=bind,source=./a,target=/b,bind-propagation=rslave,bind-create-src", want: record.Mount{Type: "bind", Source: "/cwd/a", Destination: "/b", Propagation: "rslave", CreateSource: true}},
		{in: "type=bind,src=/a,dst=/b,bind-recursive=disabled", want: record.Mount{Type: "bind", Source: "/a", Destination: "/b", Options: []string{BindNonRecursive}}},
		{in: "source=vol,dst=/b,volume-nocopy=true,ro=false", want: record.Mount{Type: "volume", Name: "vol", Destination: "/b", NoCopy: true}},
		{in: "dst=/b", want: record.Mount{Type: "volume", Anonymous: true, Destination: "/b"}},
		{in: `type=tmpfs,dst=/y,"tmpfs-size=1m",tmpfs-mode=1770`, want: record.Mount{Type: "tmpfs", Destination: "/y", Options: []string{"size=1048576", "mode=1770"}}},
		{in: `type=bind,"src=/a,b",dst=/c`, want: record.Mount{Type: "bind", Source: "/a,b", Destination: "/c"}},
		{in: "type=bind,src=a,dst=/b", err: "must be absolute"},
		{in: "type=bind,dst=/b", err: "must be absolute"},
		{in: "type=bind,src=/a", err: "Target must not be empty"},
		{in: "type=foo,dst=/b", err: "mount type 'foo' is not known"},
		{in: "type=tmpfs,src=x,dst=/b", err: "Source must not be specified"},
		{in: "type=bind,src=/a,dst=/b,tmpfs-size=1m", err: "cannot mix 'tmpfs-*'"},
		{in: "type=bind,src=/a,dst=/b,foo", err: "key=value pair"},
		{in: "type=bind,src=/a,dst=/b,foo=1", err: "unknown option 'foo'"},
		{in: "type=bind, src=/a", err: "whitespace"},
		{in: "dst=/b,ro=maybe", err: "invalid boolean"},
		{in: "type=bind,src=/a,dst=/b,bind-recursive=readonly", err: "requires 'readonly'"},
		{in: "src=vol,dst=/b,volume-opt=o=a=b,volume-opt=type=nfs,volume-driver=local,volume-label=k,volume-subpath=x//y/", want: record.Mount{
			Type: "volume", Name: "vol", Destination: "/b", Subpath: "x/y",
			Volume: &record.NewVolume{Driver: "local", Options: map[string]string{"o": "a=b", "type": "nfs"}, Labels: record.Labels{"k": ""}},
		}},
		{in: "src=vol,dst=/b,volume-subpath=../x", err: "must not lead out"},
		{in: "src=vol,dst=/b,volume-subpath=/x", err: "must be relative"},
		{in: "src=vol,dst=/b,volume-subpath=a/../../x", err: "must not lead out"},
		{in: "src=vol,dst=/b,volume-subpath=x,u", err: "does not go together"},
		{in: "type=bind,src=/a,dst=/b,volume-subpath=x", err: "cannot mix 'volume-*'"},
		{in: "type=bind,src=/a,dst=/b,subpath=x", err: "mounts of type volume"},
		{in: "", err: "value is empty"},
		{in: "a\"b", err: "invalid mount"},
	})
}

func TestTmpfs(t *testing.T) {
	check(t, Tmpfs, []row[record.Mount]{
		{in: "/run", want: record.Mount{Type: "tmpfs", Destination: "/run"}},
		{in: "/run:rw,size=64m,mode=1777,exec", want: record.Mount{Type: "tmpfs", Destination: "/run", Options: []string{"rw", "size=64m", "mode=1777", "exec"}}},
		{in: "run", err: "must be absolute"},
		{in: "/run:foo", err: `invalid tmpfs option "foo"`},
		{in: "/run:size=x", err: "invalid tmpfs option"},
		{in: "/run:mode=99", err: "invalid tmpfs option"},
		{in: "/run:lowerdir=/etc", err: "invalid tmpfs option"},
	})
}

func TestUlimitRestartSignal(t *testing.T) {
	check(t, Ulimit, []row[record.Rlimit]{
		{in: "nofile=1024", want: record.Rlimit{Type: "RLIMIT_NOFILE", Soft: 1024, Hard: 1024}},
		{in: "nofile=1:2", want: record.Rlimit{Type: "RLIMIT_NOFILE", Soft: 1, Hard: 2}},
		{in: "core=-1", want: record.Rlimit{Type: "RLIMIT_CORE", Soft: math.MaxUint64, Hard: math.MaxUint64}},
		{in: "core=0:-1", want: record.Rlimit{Type: "RLIMIT_CORE", Hard: math.MaxUint64}},
		{in: "nofile=2:1", err: "less than or equal to hard"},
		{in: "nofile=-1:5", err: "less than or equal"},
		{in: "foo=1", err: "invalid ulimit type: foo"},
		{in: "nofile", err: "invalid ulimit argument"},
		{in: "nofile=a", err: "invalid ulimit argument"},
		{in: "nofile=1:2:3", err: "invalid ulimit argument"},
	})
	check(t, Restart, []row[record.Restart]{
		{in: "no", want: record.Restart{Name: "no"}},
		{in: "always", want: record.Restart{Name: "always"}},
		{in: "on-failure:3", want: record.Restart{Name: "on-failure", Max: 3}},
		{in: "on-failure", want: record.Restart{Name: "on-failure"}},
		{in: "always:3", err: "can only be used with 'on-failure'"},
		{in: "on-failure:x", err: "must be an integer"},
		{in: "on-failure:-1", err: "cannot be negative"},
		{in: "maybe", err: "unknown policy 'maybe'"},
	})
	check(t, Signal, []row[syscall.Signal]{
		{in: "KILL", want: 9},
		{in: "SIGTERM", want: 15},
		{in: "usr1", want: 10},
		{in: "9", want: 9},
		{in: "RTMIN+3", want: 37},
		{in: "0", err: "Invalid signal: 0"},
		{in: "999", err: "Invalid signal"},
		{in: "FOO", err: "Invalid signal: FOO"},
		{in: "", err: "Invalid"},
	})
	check(t, Capability, []row[string]{{in: "net_admin", want: "CAP_NET_ADMIN"}, {in: "CAP_CHOWN", want: "CAP_CHOWN"}, {in: "all", want: "ALL"}, {in: "", err: "invalid capability"}, {in: "a b", err: "invalid capability"}})
}

// CVE-2022-0811: "+" in a value set a second kernel setting, the host's.
func TestSysctlCVE20220811(t *testing.T) {
	for _, bad := range []string{
		"kernel.shm_rmid_forced=1+kernel.core_pattern=|/x", "a=b+kernel.core_pattern=|/x", "kernel.core_pattern=|/x", "vm.swappiness=1",
		"net.ipv4/../../kernel/core_pattern=|x", "net.../kernel=1", "net./etc=1", "net.x+y=1", "net.core.a=1\nkernel.x=2", "net", "", "=1", "kernel.sem", "user.max_user_namespaces=1",
	} {
		if k, v, err := Sysctl(bad); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q accepted as %q=%q (%v)", bad, k, v, err)
		}
	}
	for in, want := range map[string][2]string{
		"net.core.somaxconn=1024":              {"net.core.somaxconn", "1024"},
		"kernel.sem=250 32000 100 128":         {"kernel.sem", "250 32000 100 128"},
		"net.ipv4.conf.eth0/1.forwarding=1":    {"net.ipv4.conf.eth0/1.forwarding", "1"},
		"fs.mqueue.msg_max=20":                 {"fs.mqueue.msg_max", "20"},
		"net.ipv4.ping_group_range=0 21474836": {"net.ipv4.ping_group_range", "0 21474836"},
	} {
		k, v, err := Sysctl(in)
		if err != nil || [2]string{k, v} != want {
			t.Errorf("%q: %q=%q, %v", in, k, v, err)
		}
	}
}

func TestDeviceUserHosts(t *testing.T) {
	check(t, Device, []row[record.Device]{
		{in: "/dev/fuse", want: record.Device{HostPath: "/dev/fuse", ContainerPath: "/dev/fuse", Permissions: "rwm"}},
		{in: "/dev/fuse:r", want: record.Device{HostPath: "/dev/fuse", ContainerPath: "/dev/fuse", Permissions: "r"}},
		{in: "/dev/a:/dev/b:rw", want: record.Device{HostPath: "/dev/a", ContainerPath: "/dev/b", Permissions: "rw"}},
		{in: "dev/a", err: "not an absolute path"},
		{in: "/a:b", err: "not an absolute path"},
		{in: "/a:/b:x", err: "bad mode specified: x"},
		{in: "/a:/b:rr", err: "bad mode"},
		{in: "", err: "invalid device"},
		{in: "/a:/b:r:w", err: "invalid device"},
	})
	check(t, User, []row[string]{{in: "1000:1000", want: "1000:1000"}, {in: "root", want: "root"}, {in: ":50", want: ":50"}, {in: "a:b:c", err: "invalid user"}, {in: "a b", err: "invalid user"}, {in: ":", err: "invalid user"}, {in: "a\n", err: "invalid user"}})
	check(t, ExtraHost, []row[string]{
		{in: "a:1.2.3.4", want: "a:1.2.3.4"},
		{in: "a=[::1]", want: "a:::1"},
		{in: "a:::1", want: "a:::1"},
		{in: "a:host-gateway", want: "a:host-gateway"},
		{in: "a", err: "bad format for add-host"},
		{in: "a:b", err: "invalid IP address in add-host"},
		{in: "a b:1.2.3.4", err: "bad format"},
		{in: "a\nb:1.2.3.4", err: "bad format"},
	})
	check(t, DNSSearch, []row[string]{{in: ".", want: "."}, {in: "example.com.", want: "example.com"}, {in: "a\nnameserver 1.1.1.1", err: "not a valid domain"}, {in: "1.2", err: "not a valid domain"}})
}

func TestNetwork(t *testing.T) {
	type result struct {
		Mode string
		Join *record.Join
	}
	read := func(s string) (r result, err error) { r.Mode, r.Join, err = Network(s); return }
	check(t, read, []row[result]{
		{in: "host", want: result{Mode: "host"}},
		{in: "none", want: result{Mode: "none"}},
		{in: "default", want: result{"bridge", &record.Join{Network: "bridge"}}},
		{in: "backend", want: result{"backend", &record.Join{Network: "backend"}}},
		{in: "container:web", want: result{Mode: "container:web"}},
		{in: "ns:/run/netns/a=b", want: result{Mode: "ns:/run/netns/a=b"}},
		{in: "netns:/x/../y", want: result{Mode: "ns:/y"}},
		{in: "name=backend,alias=db,alias=sql,ip=172.20.0.5,ip6=fd00::5,mac-address=02:42:AC:11:00:02", want: result{"backend", &record.Join{
			Network: "backend", Aliases: []string{"db", "sql"}, IPv4: "172.20.0.5", IPv6: "fd00::5", MAC: "02:42:ac:11:00:02",
		}}},
		{in: "backend:ip=172.20.0.5,ip=fd00::5,mac=02:42:ac:11:00:02,interface_name=lan0,alias=db", want: result{"backend", &record.Join{
			Network: "backend", Aliases: []string{"db"}, IPv4: "172.20.0.5", IPv6: "fd00::5", MAC: "02:42:ac:11:00:02", Interface: "lan0",
		}}},
		{in: "bridge:ip=172.20.0.5", want: result{"bridge", &record.Join{Network: "bridge", IPv4: "172.20.0.5"}}},
		{in: "cni:lan:ip=172.20.0.5", want: result{"cni:lan", &record.Join{Network: "cni:lan", IPv4: "172.20.0.5"}}},
		{in: `name=nn,gw-priority=-3,link-local-ip=169.254.1.1,"driver-opt=com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.a=1,net.ipv4.conf.IFNAME.b=2",ingress-rate=10mbit,egress-burst=64k`, want: result{"nn", &record.Join{
			Network: "nn", Priority: -3, LinkLocal: []string{"169.254.1.1"}, Ingress: record.Rate{Bits: 1e7}, Egress: record.Rate{Burst: 65536},
			Options: map[string]string{"com.docker.network.endpoint.sysctls": "net.ipv4.conf.IFNAME.a=1,net.ipv4.conf.IFNAME.b=2"},
		}}},
		{in: "name=nn,interface-name=a/b", err: "invalid name of an interface"},
		{in: "name=nn,gw-priority=high", err: "a whole number"},
		{in: "name=nn,driver-opt=x", err: "KEY=VALUE"},
		{in: "name=nn,egress-rate=fast", err: "bits a second"},
		{in: "name=host,gw-priority=1", err: "mode host has no address"},
		{in: "none:alias=x", err: "mode none has no address"},
		{in: "name=host", want: result{Mode: "host"}},
		{in: "name=host,ip=1.2.3.4", err: "mode host has no address"},
		{in: "alias=a", err: "network name/id is not specified"},
		{in: "name=nn,foo=1", err: "invalid field key foo"},
		{in: "name=nn,ip=fd00::1", err: "invalid IPv4"},
		{in: "name=nn,mac-address=01:00:5e:00:00:01", err: "not a valid mac"},
		{in: "container:", err: "Invalid container name"},
		{in: "ns:x", err: "is absolute"},
		{in: "foo:bar", err: "invalid network mode"},
	})
}

func TestSecurityOpts(t *testing.T) {
	files := func(name string) ([]byte, error) {
		switch name {
		case "p.json":
			return []byte("{ \"defaultAction\": \"SCMP_ACT_ALLOW\" }\n"), nil
		case "big.json":
			return make([]byte, MaxSeccomp+1), nil
		case "bad.json":
			return []byte("{"), nil
		}
		return nil, errors.New("no such file")
	}
	read := func(s string) (Security, error) { return SecurityOpts(strings.Fields(s), files) }
	check(t, read, []row[Security]{
		{in: "", want: Security{}},
		{in: "no-new-privileges", want: Security{NoNewPrivileges: true}},
		{in: "no-new-privileges=false", want: Security{}},
		{in: "no-new-privileges:true", want: Security{NoNewPrivileges: true}},
		{in: "seccomp=unconfined systempaths=unconfined", want: Security{Seccomp: "unconfined", Unmasked: true}},
		{in: "seccomp=p.json", want: Security{Seccomp: `{"defaultAction":"SCMP_ACT_ALLOW"}`}},
		{in: "apparmor=unconfined label=disable label:disable", want: Security{AppArmor: "unconfined", SELinux: []string{"disable", "disable"}}},
		{in: "apparmor=mine label=level:s0:c1,c2", want: Security{AppArmor: "mine", SELinux: []string{"level:s0:c1,c2"}}},
		{in: "mask=/a:/b/../c unmask=/proc/* unmask=all", want: Security{Mask: []string{"/a", "/c"}, Unmask: []string{"/proc/*", "ALL"}}},
		{in: "mask=a", err: "a path is absolute"},
		{in: "unmask=/[", err: "syntax error"},
		{in: "seccomp=nofile", err: "opening seccomp profile (nofile) failed"},
		{in: "seccomp=bad.json", err: "is not JSON"},
		{in: "seccomp=big.json", err: "larger than"},
		{in: "label=bogus", err: "use label=disable"},
		{in: "label=type:", err: "use label=disable"},
		{in: "foo=1", err: "unknown option"},
		{in: "seccomp", err: "invalid --security-opt"},
	})
}
