package parse

import (
	"errors"
	"path"
	"strings"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// fuzz runs read over text: no panic, an error is one line and has a kind, and
// what is accepted passes check.
func fuzz[T any](f *testing.F, read func(string) (T, error), check func(t *testing.T, in string, v T), seeds ...string) {
	for _, s := range append(seeds, "", ":", "::", "=", ",", "/", "\x00", "a\nb", "é", "-1", "99999999999999999999") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := read(s)
		if err == nil {
			if check != nil {
				check(t, s, v)
			}
			return
		}
		if k := errs.KindOf(err); k != errs.Invalid && k != errs.Unsupported {
			t.Fatalf("%q: kind %s", s, k)
		}
	})
}

func FuzzSize(f *testing.F) {
	fuzz(f, Size, func(t *testing.T, in string, v int64) {
		if v < 0 {
			t.Fatalf("%q is %d", in, v)
		}
	}, "1.5g", "64M", "8p", "1e30", "NaN", "Inf", "0x1p63")
}

func FuzzMemory(f *testing.F) {
	fuzz(f, Memory, func(t *testing.T, in string, v int64) {
		if v != 0 && v < MinMemory {
			t.Fatalf("%q is %d", in, v)
		}
	}, "6m", "1")
}

func FuzzMemorySwap(f *testing.F) { fuzz(f, MemorySwap, nil, "-1", "1g") }

func FuzzCPUs(f *testing.F) {
	fuzz(f, CPUs, func(t *testing.T, in string, v int64) {
		if v < 0 {
			t.Fatalf("%q is %d", in, v)
		}
	}, "1.5", "1/2", "1e999999999", "0x1p-99")
}

func FuzzCpuset(f *testing.F) {
	fuzz(f, Cpuset, func(t *testing.T, in, v string) {
		if strings.Trim(v, "0123456789-,") != "" {
			t.Fatalf("%q gives %q", in, v)
		}
	}, "0-3,5", "3-0")
}

func FuzzName(f *testing.F) {
	read := func(s string) (string, error) { return Name("container", s) }
	fuzz(f, read, func(t *testing.T, in, v string) {
		if strings.ContainsAny(v, "/\x00 ") || v == "." || v == ".." || len(v) < 2 || path.Base(v) != v {
			t.Fatalf("%q gives %q", in, v)
		}
	}, "/c1", "a b", "..", "-x")
}

func FuzzHostname(f *testing.F) { fuzz(f, Hostname, nil, "a.b-c", "-a") }

func FuzzEnv(f *testing.F) {
	read := func(s string) (string, error) {
		return Env(s, func(string) (string, bool) { return "v", true })
	}
	fuzz(f, read, func(t *testing.T, in, v string) {
		if k, _, ok := strings.Cut(v, "="); !ok || k == "" {
			t.Fatalf("%q gives %q", in, v)
		}
	}, "K=V", "K", "K=")
}

func FuzzEnvFile(f *testing.F) {
	read := func(s string) ([]string, error) {
		return EnvFile("f", strings.NewReader(s), func(string) (string, bool) { return "", false })
	}
	fuzz(f, read, func(t *testing.T, in string, v []string) {
		for _, kv := range v {
			if k, _, ok := strings.Cut(kv, "="); !ok || k == "" || strings.ContainsAny(k, " \t\n\x00") {
				t.Fatalf("%q gives %q", in, kv)
			}
		}
	}, "A=1\n#c\nB= x\n", "export E=1", "\xef\xbb\xbfA=1", "A\xff=1")
}

func FuzzLabel(f *testing.F) {
	read := func(s string) (string, error) { k, _, err := Label(s); return k, err }
	fuzz(f, read, func(t *testing.T, in, k string) {
		if k == "" {
			t.Fatalf("%q has an empty key", in)
		}
	}, "a=b", " a")
}

func FuzzLabelFile(f *testing.F) {
	fuzz(f, func(s string) ([]string, error) { return LabelFile("f", strings.NewReader(s)) }, nil, "a=b\nc")
}

func FuzzPorts(f *testing.F) {
	fuzz(f, Ports, nil, "8080:80", "127.0.0.1::80/udp", "[::1]:1-3:1-3", "published=1,target=2", "0-65535:0-65535")
}

func FuzzExpose(f *testing.F) { fuzz(f, Expose, nil, "80/tcp", "1-3", "a:1") }

func FuzzUlimit(f *testing.F) { fuzz(f, Ulimit, nil, "nofile=1:2", "core=-1", " =1") }

func FuzzRestart(f *testing.F) { fuzz(f, Restart, nil, "on-failure:3", "always:1") }

func FuzzSysctl(f *testing.F) {
	read := func(s string) ([2]string, error) { k, v, err := Sysctl(s); return [2]string{k, v}, err }
	fuzz(f, read, func(t *testing.T, in string, kv [2]string) {
		file := path.Clean("/proc/sys/" + strings.ReplaceAll(kv[0], ".", "/"))
		if strings.ContainsRune(kv[0]+kv[1], '+') || !strings.HasPrefix(file, "/proc/sys/net/") && !strings.HasPrefix(file, "/proc/sys/fs/mqueue/") && !strings.HasPrefix(file, "/proc/sys/kernel/") {
			t.Fatalf("%q gives %q", in, kv)
		}
	}, "net.core.somaxconn=1", "net.a/../../kernel.core_pattern=|x", "kernel.shm_rmid_forced=1+kernel.core_pattern=|x", "net...kernel=1")
}

func FuzzDevice(f *testing.F) {
	fuzz(f, Device, nil, "/dev/null:/dev/x:rw", "/dev/fuse:rwm", "a:b:c:d")
}

func FuzzSignal(f *testing.F) { fuzz(f, Signal, nil, "KILL", "sigterm", "9", "0", "RTMIN+3") }

func FuzzCapability(f *testing.F) { fuzz(f, Capability, nil, "net_admin", "CAP_CAP_X", "all") }

func FuzzUser(f *testing.F) { fuzz(f, User, nil, "1000:1000", "root", "a:b:c") }

func FuzzGroup(f *testing.F) { fuzz(f, Group, nil, "audio", "5") }

func FuzzExtraHost(f *testing.F) { fuzz(f, ExtraHost, nil, "a:1.2.3.4", "a=[::1]", "a:host-gateway") }

func FuzzIP(f *testing.F) { fuzz(f, IP, nil, "::1", "1.2.3.4", "fe80::1%eth0") }

func FuzzDNS(f *testing.F) {
	read := func(s string) (string, error) {
		_, err1 := DNSServer(s)
		_, err2 := DNSSearch(s)
		_, err3 := DNSOption(s)
		for _, err := range []error{err1, err2, err3} {
			if err != nil && errs.KindOf(err) != errs.Invalid {
				return "", err
			}
		}
		if err1 != nil && err2 != nil && err3 != nil {
			return "", err1
		}
		return s, nil
	}
	// What ends up in resolv.conf must stay on its line.
	fuzz(f, read, func(t *testing.T, in, _ string) {
		if strings.ContainsAny(strings.TrimSpace(in), "\n") {
			t.Fatalf("%q", in)
		}
	}, "8.8.8.8", "example.com", "ndots:2", ".", "fe80::1%a\nb")
}

func FuzzVolume(f *testing.F) {
	read := func(s string) (m [4]string, err error) {
		v, err := Volume(s, "/cwd")
		return [4]string{v.Type, v.Name, v.Source, v.Destination}, err
	}
	fuzz(f, read, func(t *testing.T, in string, m [4]string) {
		if !path.IsAbs(m[3]) || path.Clean(m[3]) != m[3] || m[3] == "/" || m[0] == "bind" && !path.IsAbs(m[2]) || strings.Contains(m[1], "/") {
			t.Fatalf("%q gives %q", in, m)
		}
	}, "/a:/b:ro,z", "v1:/d:nocopy", "./x:/y", "/d", "..:/x")
}

func FuzzMount(f *testing.F) {
	read := func(s string) (m [4]string, err error) {
		v, err := Mount(s, "/cwd")
		return [4]string{v.Type, v.Name, v.Source, v.Destination}, err
	}
	fuzz(f, read, func(t *testing.T, in string, m [4]string) {
		if !path.IsAbs(m[3]) || m[0] == "bind" && !path.IsAbs(m[2]) || strings.Contains(m[1], "/") {
			t.Fatalf("%q gives %q", in, m)
		}
	}, "type=bind,src=/a,dst=/b,ro", `type=tmpfs,dst=/y,"tmpfs-size=1m"`, "src=v1,dst=/x", "type=bind,src=.,dst=/x")
}

func FuzzTmpfs(f *testing.F) {
	fuzz(f, func(s string) (string, error) { m, err := Tmpfs(s); return m.Destination, err }, nil, "/run:rw,size=64m,mode=1777", "/a:size=10%")
}

func FuzzNetwork(f *testing.F) {
	read := func(s string) (string, error) { mode, _, err := Network(s); return mode, err }
	fuzz(f, read, func(t *testing.T, in, mode string) {
		if mode == "" || strings.ContainsAny(mode, "\x00") {
			t.Fatalf("%q gives %q", in, mode)
		}
	}, "host", "container:a1", "ns:/run/x", "name=n1,alias=a,ip=1.2.3.4", `"name=n1"`)
}

func FuzzSecurityOpts(f *testing.F) {
	read := func(s string) (Security, error) {
		return SecurityOpts(strings.Split(s, "\n"), func(string) ([]byte, error) { return nil, errors.New("no file") })
	}
	fuzz(f, read, nil, "no-new-privileges", "seccomp=x", "seccomp=unconfined", "label:disable", "apparmor=x")
}
