package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/pouchcontainer/pouch/pkg/cmd"
	"github.com/pouchcontainer/pouch/pkg/container"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// read takes a command line all the way: argv, the library, options.
func read(t *testing.T, words ...string) (o *container.Options, err error) {
	t.Helper()
	verbs := []*cli.Command{{
		Name: "run", Args: true, Flags: append(runFlags(), containerFlags()...),
		Action: func(c *cli.Context) error { o, err = options(c); return err },
	}}
	app := cmd.App("pouch-run", "", verbs...)
	args := cmd.Argv(append([]string{"pouch-run", "run"}, words...), app.Flags, verbs, "")
	if rerr := app.Run(args); rerr != nil {
		return nil, rerr
	}
	return o, err
}

func TestOptionsPlain(t *testing.T) {
	o, err := read(t, "IMG", "ls", "-l", "--rm", "-e", "X")
	if err != nil {
		t.Fatal(err)
	}
	want := &container.Options{Image: "IMG", SigProxy: true, NetworkMode: "bridge", Networks: []record.Join{{Network: "bridge"}}}
	want.Process.Cmd = []string{"ls", "-l", "--rm", "-e", "X"}
	if !reflect.DeepEqual(o, want) {
		t.Errorf("got  %+v\nwant %+v", o, want)
	}
}

func TestOptionsAll(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("HOSTVAR", "hv")
	for name, data := range map[string]string{"env": "A=file\nB= x \n", "labels": "l1=file\n", "p.json": "{ }"} {
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	line := `-itd --rm --name web1 -h web --domainname example.org -l l1=own -l l2 --label-file labels --annotation a.b=c --cidfile cid
 -e A=1,2 -e HOSTVAR -e NOPE --env-file env -w /w/ -u 1:2 --group-add audio --entrypoint ep --stop-signal INT --stop-timeout 3 --ulimit nofile=5:6
 --pull always -q --platform linux/amd64 --runtime runc --log-driver json-file --log-opt max-size=1m --log-opt max-file=2 --restart no
 --net back --network-alias db --ip 10.0.0.2 --ip6 fd00::2 --mac-address 02:00:00:00:00:01 -p 8080:80 -P --expose 9 --add-host a:1.2.3.4 --dns 8.8.8.8 --dns-search x.y --dns-opt ndots:2
 -v ./src:/dst:ro -v vol:/v --mount type=tmpfs,dst=/t,tmpfs-size=1k --tmpfs /u --read-only --shm-size 1m --device /dev/null
 --cap-add net_admin --cap-drop ALL --privileged --security-opt no-new-privileges --security-opt seccomp=p.json --security-opt systempaths=unconfined
 -m 64m --memory-swap 128m --memory-reservation 32m --cpus .5 -c 512 --cpuset-cpus 0 --cpuset-mems 0 --pids-limit 9 --oom-kill-disable --oom-score-adj -5 --enableLxcfs
 --replace --device v.com/c=a,b --gpus device=1 --cdi-spec-dir . --secret id=s,src=env --secret t,type=env --umask 027 --unsetenv UN --unsetenv-all
 --authfile auth --retry 0 --retry-delay 2s --timeout 9 --pidfile pid --preserve-fds 2
 --pid host --ipc none --uts private --cgroupns private --cgroup-parent p --sysctl net.core.somaxconn=1 --sig-proxy=false --on-client-exit stop IMG cmd`
	o, err := read(t, strings.Fields(line)...)
	if err != nil {
		t.Fatal(err)
	}
	three, score, mask := 3, -5, uint32(0o27)
	want := &container.Options{
		Image: "IMG", Platform: "linux/amd64", Pull: "always", Quiet: true, AuthFile: "auth", Retry: new(int), RetryDelay: 2 * time.Second, Replace: true,
		Secrets: []container.SecretSource{
			{Secret: record.Secret{Name: "s", Target: "s", Own: true}, Data: []byte("A=file\nB= x \n")},
			{Secret: record.Secret{Name: "t", Target: "t", Env: true}},
		},
		Name: "web1", CIDFile: "cid", Runtime: "runc", Detach: true, PublishAll: true,
		Annotations: record.Labels{"a.b": "c"}, NetworkMode: "back",
		Networks: []record.Join{{Network: "back", Aliases: []string{"db"}, IPv4: "10.0.0.2", IPv6: "fd00::2", MAC: "02:00:00:00:00:01"}},
		Ports:    []record.Port{{HostPort: 8080, ContainerPort: 80, Protocol: "tcp"}}, Exposed: []record.Port{{ContainerPort: 9, Protocol: "tcp"}},
		Mounts: []record.Mount{
			{Type: "bind", Source: filepath.Join(dir, "src"), Destination: "/dst", ReadOnly: true, CreateSource: true},
			{Type: "volume", Name: "vol", Destination: "/v"},
			{Type: "tmpfs", Destination: "/t", Options: []string{"size=1024"}},
			{Type: "tmpfs", Destination: "/u"},
		},
		Policy: record.Policy{AutoRemove: true, Restart: record.Restart{Name: "no"}, OnClientExit: "stop", Timeout: 9, PidFile: filepath.Join(dir, "pid"), Log: record.Log{Driver: "json-file", Opts: map[string]string{"max-size": "1m", "max-file": "2"}}},
		Host: record.Host{
			Hostname: "web", Domainname: "example.org", ExtraHosts: []string{"a:1.2.3.4"}, DNS: []string{"8.8.8.8"}, DNSSearch: []string{"x.y"}, DNSOptions: []string{"ndots:2"},
			Privileged: true, CapAdd: []string{"CAP_NET_ADMIN"}, CapDrop: []string{"ALL"}, Seccomp: "{}", NoNewPrivileges: true, ReadonlyRootfs: true, Unmasked: true, ShmSize: 1 << 20,
			PidMode: "host", IpcMode: "none", UtsMode: "private", CgroupnsMode: "private", CgroupParent: "/p", Sysctls: map[string]string{"net.core.somaxconn": "1"},
			Devices: []record.Device{{HostPath: "/dev/null", ContainerPath: "/dev/null", Permissions: "rwm"}}, OOMScoreAdj: &score, Lxcfs: true,
			CDIDevices: []string{"v.com/c=a", "v.com/c=b", "nvidia.com/gpu=1"}, CDISpecDirs: []string{dir},
			Resources: record.Resources{Memory: 64 << 20, MemorySwap: 128 << 20, MemoryReservation: 32 << 20, NanoCPUs: 5e8, CPUShares: 512, CpusetCpus: "0", CpusetMems: "0", PidsLimit: 9, OOMKillDisable: true},
		},
	}
	p := &want.Process
	p.Cmd, p.Entrypoint, p.EntrypointSet, p.Env = []string{"cmd"}, []string{"ep"}, true, []string{"UN", "A=file", "B= x ", "A=1,2", "HOSTVAR=hv", "NOPE"}
	p.Cwd, p.User, p.Groups, p.TTY, p.OpenStdin, p.StopSignal, p.StopTimeout = "/w", "1:2", []string{"audio"}, true, true, "INT", &three
	p.NoImageEnv, p.Umask, p.PreserveFDs = true, &mask, 2
	p.Rlimits, p.Labels = []record.Rlimit{{Type: "RLIMIT_NOFILE", Soft: 5, Hard: 6}}, record.Labels{"l1": "own", "l2": ""}
	if !reflect.DeepEqual(o, want) {
		t.Errorf("got  %+v\nwant %+v", o, want)
	}
}

func TestOptionsEmptyEntrypoint(t *testing.T) {
	o, err := read(t, "--entrypoint", "", "IMG", "x")
	if err != nil || !o.Process.EntrypointSet || o.Process.Entrypoint != nil {
		t.Errorf("got %+v, %v", o, err)
	}
	o, err = read(t, "--network", "container:web", "IMG")
	if err != nil || o.NetworkMode != "container:web" || o.Networks != nil {
		t.Errorf("got %+v, %v", o, err)
	}
	o, err = read(t, "--network", "name=aa,alias=x", "--network", "bb", "IMG")
	if err != nil || len(o.Networks) != 2 || o.NetworkMode != "aa" {
		t.Errorf("got %+v, %v", o, err)
	}
}

// TestOptionsRefused has docker's words where docker has them.
func TestOptionsRefused(t *testing.T) {
	env := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(env, []byte("export E=1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"":                                    "requires at least 1 argument",
		"--rm --restart always IMG":           "conflicting options: cannot specify both --restart and --rm",
		"-d -a stdout IMG":                    "conflicting options: cannot specify both --attach and --detach",
		"-a output IMG":                       "--attach",
		"--replace IMG":                       "--replace needs --name",
		"--device v/c= IMG":                   "write it as vendor.com/class=name",
		"--gpus none IMG":                     "count must be a number or all",
		"--cdi-spec-dir /nosuch IMG":          "/nosuch",
		"--secret ../x IMG":                   "secret name",
		"--secret id=x,src=/nosuch IMG":       "/nosuch: no such file",
		"--secret id=x,env=NOSUCH_VAR IMG":    "NOSUCH_VAR is not set",
		"--secret id=x,fd=99 IMG":             "descriptor 99 is not open",
		"--tz Nowhere/Land IMG":               "no such time zone",
		"--tz ../../../etc/passwd IMG":        "no such time zone",
		"--umask 9 IMG":                       "octal",
		"--unsetenv A=B IMG":                  "not the name of a variable",
		"--pidfile /nosuch/p IMG":             "/nosuch",
		"--preserve-fds 99 IMG":               "at most 60",
		"--retry-delay -1s IMG":               "not negative",
		"--env-file " + env + " IMG":          "invalid env file (" + env + "): variable 'export E' contains whitespaces",
		"--env-file /nosuch IMG":              "--env-file: open /nosuch: no such file or directory",
		"-m 1 IMG":                            "Minimum memory limit allowed is 6MB",
		"-m 64m --memory-swap 32m IMG":        "Minimum memoryswap limit should be larger than memory limit, see usage",
		"--memory-swap 32m IMG":               "You should always set the Memory limit when using Memoryswap limit, see usage",
		"--cpus 100000 IMG":                   "Range of CPUs is from 0.01 to",
		"--cpus 1 --cpu-period 1000 IMG":      "Nano CPUs and CPU Period cannot both be set",
		"--foo IMG":                           "unknown flag: --foo",
		"-Z IMG":                              "unknown shorthand flag: 'Z' in -Z",
		"--name":                              "flag needs an argument: --name",
		"--name a/b IMG":                      "Invalid container name (a/b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
		"--name= IMG":                         "Invalid container name",
		"--pull sometimes IMG":                "--pull",
		"--log-driver gelf IMG":               "no log driver of that name",
		"--log-opt foo=1 IMG":                 "unknown log opt 'foo' for json-file log driver",
		"--log-driver none --log-opt a=b IMG": "invalid logging opts for driver none",
		"-v /a:/x --tmpfs /x IMG":             "Duplicate mount point: /x",
		"-p 80:1 -p 80:2 IMG":                 "given twice on the host",
		"-w rel IMG":                          "the working directory 'rel' is invalid, it needs to be an absolute path",
		"--network host --network nn IMG":     "cannot attach both user-defined and non-user-defined network-modes",
		"--network nn --network nn IMG":       "specified multiple times",
		"--network host --ip 1.2.3.4 IMG":     "network mode host has no address",
		"--network-alias x IMG":               "only supported for user-defined networks",
		"--cgroup-parent / IMG":               "--cgroup-parent /: give the path of a cgroup",
		"--cgroup-parent a/../b IMG":          "give the path of a cgroup",
		"--pid container:x IMG":               "--pid",
		"--oom-score-adj 2000 IMG":            "range for oom score adj is [-1000, 1000]",
		"--stop-timeout x IMG":                `invalid argument "x" for --stop-timeout: want a whole number`,
	} {
		_, err := read(t, strings.Fields(line)...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", line, err, want)
			continue
		}
		if k := errs.KindOf(err); k != errs.Invalid && k != errs.Unsupported && k != errs.Conflict {
			t.Errorf("%q: kind %s", line, k)
		}
	}
}
