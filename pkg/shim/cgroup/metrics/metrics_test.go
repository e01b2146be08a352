package metrics_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/containerd/cgroups/v3/cgroup1"
	v1 "github.com/containerd/cgroups/v3/cgroup1/stats"
	"github.com/containerd/cgroups/v3/cgroup2"
	v2 "github.com/containerd/cgroups/v3/cgroup2/stats"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup/metrics"
)

// set lists the fields of a message that are not zero, by their path. The
// devices of a list are one.
func set(prefix string, m protoreflect.Message) []string {
	var out []string
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		name := prefix + "." + string(f.Name())
		switch {
		case f.IsList() && f.Message() != nil:
			for i := range v.List().Len() {
				out = append(out, set(name, v.List().Get(i).Message())...)
			}
		case f.Message() != nil:
			out = append(out, set(name, v.Message())...)
		default:
			out = append(out, name)
		}
		return true
	})
	slices.Sort(out)
	return slices.Compact(out)
}

// stock is what the library of containerd's own shim reads.
func stock(t *testing.T, g *cgroup.Group) proto.Message {
	t.Helper()
	var m proto.Message
	var err error
	if cgroup.Unified() {
		var c *cgroup2.Manager
		if c, err = cgroup2.Load(g.Path("")); err == nil {
			m, err = c.Stat()
		}
	} else {
		var c cgroup1.Cgroup
		c, err = cgroup1.Load(func(name cgroup1.Name) (string, error) {
			if p := g.Path(strings.TrimPrefix(string(name), "name=")); p != "" {
				return p, nil
			}
			return "", cgroup1.ErrControllerNotActive
		})
		if err == nil {
			m, err = c.Stat(cgroup1.IgnoreNotExist)
		}
	}
	if err != nil {
		t.Skipf("containerd's library cannot read this host's cgroups: %v", err)
	}
	return m
}

// inGroup is a group of its own with a process that has done something.
func inGroup(t *testing.T) *cgroup.Group {
	t.Helper()
	g, err := cgroup.Of(fmt.Sprintf("/pouch-metrics-%d", os.Getpid()))
	if err != nil {
		t.Skip(err)
	}
	sleep := exec.Command("sh", "-c", "read x; head -c 5000000 /dev/zero | tr '\\0' x | tail -c 3000000 | wc -c; exec sleep 1000")
	in, err := sleep.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := sleep.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		sleep.Process.Kill()
		sleep.Wait()
		if err := g.Remove(context.Background()); err != nil {
			t.Error(err)
		}
	})
	for _, dir := range g.Paths() {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Skipf("groups cannot be made here: %v", err)
		}
		if strings.Contains(dir, "/cpuset/") {
			continue // it takes no process before it has CPUs and memory
		}
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(sleep.Process.Pid)), 0); err != nil {
			t.Skipf("a process cannot be moved here: %v", err)
		}
	}
	fmt.Fprintln(in, "go")
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return g
}

// TestAsStock: the same figures as containerd's own library has, under the same
// names. Only those of limits and counts that do not move are compared by value.
// A figure that is zero has no name, and the kernel brings some up to date late:
// so the library reads first, and both again until they agree.
func TestAsStock(t *testing.T) {
	g := inGroup(t)
	until := time.Now().Add(time.Minute)
	for {
		want := stock(t, g)
		got := ours(t, g)
		missing := missingNames(set("", want.ProtoReflect()), set("", got.ProtoReflect()))
		if len(missing) > 0 && time.Now().Before(until) {
			continue
		}
		if len(missing) > 0 {
			t.Errorf("missing: %v", missing)
		}
		if have := set("", got.ProtoReflect()); len(have) < 15 {
			t.Errorf("only %v", have)
		}
		sameLimits(t, got, want)
		return
	}
}

// ours are the figures that this package reads.
func ours(t *testing.T, g *cgroup.Group) proto.Message {
	t.Helper()
	read, err := metrics.Read(g)
	if err != nil {
		t.Fatal(err)
	}
	var got proto.Message = &v1.Metrics{}
	if cgroup.Unified() {
		got = &v2.Metrics{}
	}
	if err := proto.Unmarshal(read.Value, got); err != nil || read.TypeURL != string(got.ProtoReflect().Descriptor().FullName()) {
		t.Fatal(read.TypeURL, err)
	}
	return got
}

// missingNames are those of want that have lacks, but for figures that
// libcontainer does not read, or reads elsewhere.
func missingNames(want, have []string) []string {
	return slices.DeleteFunc(want, func(name string) bool {
		return strings.HasPrefix(name, ".cgroup_stats") || strings.Contains(name, ".dirty") || strings.Contains(name, ".writeback") || slices.Contains(have, name)
	})
}

func sameLimits(t *testing.T, got, want proto.Message) {
	t.Helper()
	a, ok := got.(*v1.Metrics)
	if !ok {
		return
	}
	b := want.(*v1.Metrics)
	if a.Memory.GetUsage().GetLimit() != b.Memory.GetUsage().GetLimit() || a.Memory.HierarchicalMemoryLimit != b.Memory.HierarchicalMemoryLimit || a.Pids.GetLimit() != b.Pids.GetLimit() {
		t.Errorf("limits: %v, %v", a, b)
	}
}

func TestGone(t *testing.T) {
	g, err := cgroup.Of("/pouch-no-such-group")
	if err != nil {
		t.Skip(err)
	}
	if _, err := metrics.Read(g); !errs.Is(err, errs.NotFound) {
		t.Error(err)
	}
}
