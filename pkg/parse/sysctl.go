package parse

import "strings"

// sysctls that the kernel keeps a copy of in each IPC namespace:
// ipc_namespaces(7).
const ipcSysctls = " kernel.msgmax kernel.msgmnb kernel.msgmni kernel.sem kernel.shmall kernel.shmmax kernel.shmmni kernel.shm_rmid_forced "

// Sysctl reads one --sysctl K=V. Only those of a namespace are allowed, and only
// the characters that such names have: "+", "/.." and the like would reach
// others (CVE-2022-0811). The key comes back with dots, as sysctl(8) has it
// where the name itself has none.
func Sysctl(s string) (key, value string, err error) {
	key, value, ok := strings.Cut(s, "=")
	if !ok || !sysctlName(key) {
		return "", "", invalid("sysctl '%s' is not allowed", s)
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r != '\t' && (r < ' ' || r == '+' || r == 0x7f) }) {
		return "", "", invalid("sysctl '%s' is not allowed: a value has no '+' and no control character", s)
	}
	if strings.HasPrefix(key, "net.") || strings.HasPrefix(key, "fs.mqueue.") || strings.Contains(ipcSysctls, " "+key+" ") {
		return key, value, nil
	}
	return "", "", invalid("sysctl '%s' is not allowed: the kernel keeps no copy of it for each container", s)
}

// sysctlName accepts words joined by single dots. A slash may stand for a dot
// within the name of an interface (net.ipv4.conf.eth0/1.forwarding).
func sysctlName(key string) bool {
	for part := range strings.SplitSeq(key, ".") {
		if part == "" || strings.Trim(part, "/") != part || strings.Contains(part, "//") {
			return false
		}
		bad := func(r rune) bool { return notName(r) && r != '/' && r != ':' && r != '@' }
		if strings.ContainsFunc(part, bad) {
			return false
		}
	}
	return true
}
