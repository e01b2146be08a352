package mount

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// elsewhere starts a process with private mounts of its own and returns its pid.
func elsewhere(t *testing.T, first string) int {
	t.Helper()
	c := exec.Command("unshare", "--mount", "--propagation", "private", "sh", "-c", first+" && echo ready && exec sleep 1000")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
	})
	if _, err := out.Read(make([]byte, 8)); err != nil {
		t.Fatalf("%q: %v", first, err)
	}
	return c.Process.Pid
}

// at is where the file name of /proc is for process pid.
func at(t *testing.T, pid int, name string) Place {
	t.Helper()
	p := Place{FS: "/proc", Type: "proc", Name: name}
	var err error
	if p.NS, err = os.Open(fmt.Sprintf("/proc/%d/ns/mnt", pid)); err != nil {
		t.Fatal(err)
	}
	if p.Infos, err = os.Open(fmt.Sprintf("/proc/%d/mountinfo", pid)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.NS.Close()
		p.Infos.Close()
	})
	return p
}

// saying is a file on a tmpfs of its own.
func saying(t *testing.T, dir, text string) func() Tree {
	t.Helper()
	on := dir + "/" + text
	mkdirs(t, dir, text)
	if err := (Mount{Type: "tmpfs", Source: "tmpfs"}).At(on); err != nil {
		t.Fatal(err)
	}
	write(t, on+"/f", text)
	return func() Tree {
		tree, err := OpenTree(on+"/f", false, false)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { tree.Close() })
		return tree
	}
}

func TestReplace(t *testing.T) {
	dir := scratch(t)
	old, young := saying(t, dir, "old"), saying(t, dir, "new")
	pid := elsewhere(t, "true")
	p := at(t, pid, "sys/kernel/ostype")
	mounts := func() int {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", pid))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(b), " /proc/sys/kernel/ostype ")
	}
	for _, step := range []struct {
		tree func() Tree
		kind string
		want Replaced
		says string
	}{
		{old, "tmpfs", Added, "old"},
		{old, "tmpfs", Current, "old"},
		{young, "fuse.other", Covered, "old"},
		{young, "tmpfs", Renewed, "new"},
		{young, "tmpfs", Current, "new"},
		{old, "tmpfs", Renewed, "old"},
	} {
		got, err := step.tree().Replace(p, step.kind)
		b, rerr := os.ReadFile(fmt.Sprintf("/proc/%d/root/proc/sys/kernel/ostype", pid))
		if err != nil || rerr != nil || got != step.want || string(b) != step.says || mounts() != 1 {
			t.Errorf("%s, %v; it says %q, %v; %d mounts; want %s and %q", got, err, b, rerr, mounts(), step.want, step.says)
		}
	}
	if here, err := os.ReadFile("/proc/sys/kernel/ostype"); err != nil || string(here) != "Linux\n" {
		t.Errorf("here it says %q, %v", here, err)
	}
}

// What a container has made of its /proc leads nowhere else.
func TestReplaceHostile(t *testing.T) {
	dir := scratch(t)
	tree := saying(t, dir, "new")
	tripwire := dir + "/tripwire"
	mkdirs(t, tripwire, "kernel")
	write(t, tripwire+"/kernel/ostype", "host")
	for name, first := range map[string]string{
		"another filesystem":     "mount -t tmpfs none /proc && mkdir -p /proc/sys/kernel && touch /proc/sys/kernel/ostype",
		"a link to another":      "mount -t tmpfs none /proc && ln -s " + tripwire + " /proc/sys",
		"a mount on the way":     "mount --bind " + tripwire + " /proc/sys",
		"a mount one above":      "mount --bind " + tripwire + "/kernel /proc/sys/kernel",
		"a folder in its place":  "mount -t tmpfs none /proc/sys/kernel && mkdir /proc/sys/kernel/ostype",
		"nothing where it looks": "mount -t tmpfs none /proc/sys",
	} {
		t.Run(name, func(t *testing.T) {
			p := at(t, elsewhere(t, first), "sys/kernel/ostype")
			got, err := tree().Replace(p, "tmpfs")
			if err == nil {
				t.Errorf("it is %s", got)
			}
			if b, rerr := os.ReadFile(tripwire + "/kernel/ostype"); rerr != nil || string(b) != "host" {
				t.Errorf("tripwire: %q, %v", b, rerr)
			}
			if name == "another filesystem" && !errs.Is(err, errs.Conflict) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestTreesOf(t *testing.T) {
	dir := scratch(t)
	mkdirs(t, dir, "target")
	pid := elsewhere(t, "mount -t tmpfs none "+dir+"/target && echo x > "+dir+"/target/f")
	p := at(t, pid, "uptime")
	trees, err := TreesOf(p.NS, dir+"/target", []string{"", "f", "nosuch"}, unix.TMPFS_MAGIC)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		for _, tr := range trees {
			tr.Close()
		}
	}()
	if _, there := trees["nosuch"]; there || len(trees) != 2 {
		t.Errorf("%v", trees)
	}
	if err := trees["f"].Confine(); err != nil {
		t.Error(err)
	}
	if _, err := TreesOf(p.NS, dir+"/target", nil, unix.PROC_SUPER_MAGIC); err == nil {
		t.Error("another kind of filesystem is taken")
	}
}
