package network

import (
	"bufio"
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// holder says who has a port, as " by pid 812 (nginx)", or "" when it can't be
// found out. Sources: proc_pid_net(5), proc_pid_fd(5).
func holder(p record.Port) string {
	inodes := map[string]bool{}
	for _, table := range []string{p.Protocol, p.Protocol + "6"} {
		for _, s := range socketsOn(table, p.HostPort) {
			inodes["socket:["+s.inode+"]"] = true
		}
	}
	if len(inodes) == 0 {
		return ""
	}
	pids, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return ""
	}
	for _, dir := range pids {
		if hasSocket(dir, inodes) {
			return " by pid " + filepath.Base(dir) + nameOf(dir)
		}
	}
	return " by a process of another pid namespace, or the kernel"
}

// bound is a socket that has a port.
type bound struct {
	inode string
	addr  netip.Addr
}

// socketsOn returns the sockets that are bound to port: of tcp those that listen.
func socketsOn(table string, port uint16) []bound {
	f, err := os.Open("/proc/thread-self/net/" + table)
	if err != nil {
		return nil
	}
	defer f.Close()
	suffix := fmt.Sprintf(":%04X", port)
	const stateListen, stateUDP = "0A", "07"
	var out []bound
	for sc := bufio.NewScanner(f); sc.Scan(); {
		c := strings.Fields(sc.Text())
		if len(c) <= 9 || !strings.HasSuffix(c[1], suffix) || (c[3] != stateListen && c[3] != stateUDP) {
			continue
		}
		if a, ok := kernelAddr(strings.TrimSuffix(c[1], suffix)); ok {
			out = append(out, bound{c[9], a})
		}
	}
	return out
}

func hasSocket(dir string, inodes map[string]bool) bool {
	fds, err := os.ReadDir(dir + "/fd")
	if err != nil {
		return false
	}
	for _, fd := range fds {
		if to, err := os.Readlink(dir + "/fd/" + fd.Name()); err == nil && inodes[to] {
			return true
		}
	}
	return false
}

// supervisor is the name of the process that holds a container's ports.
const supervisor = "pouch-shim"

// nameOf is the name of a process; a supervisor says for which container.
func nameOf(dir string) string {
	comm, err := os.ReadFile(dir + "/comm")
	if err != nil {
		return ""
	}
	name := string(bytes.TrimSpace(comm))
	if name != supervisor {
		return " (" + name + ")"
	}
	line, _ := os.ReadFile(dir + "/cmdline")
	args := strings.Split(string(line), "\x00")
	for i, a := range args {
		if a == "--id" && i+1 < len(args) {
			return " (" + name + " of container " + shorten(args[i+1]) + ")"
		}
	}
	return " (" + name + ")"
}

func shorten(id string) string {
	if len(id) > 12 {
		return id[:12]
	}
	return strconv.Quote(id)
}
