package main

import (
	"slices"

	"github.com/urfave/cli/v2"
)

// containerFlags are the flags of run and create, docker's names and meanings.
func containerFlags() []cli.Flag {
	return slices.Concat(processFlags(), identityFlags(), networkFlags(), mountFlags(), rightsFlags(), limitFlags(), namespaceFlags())
}

// runFlags are those of run beyond containerFlags.
func runFlags() []cli.Flag {
	return []cli.Flag{
		flag("detach", "run in the background and print the container's id", "d"),
		&cli.BoolFlag{Name: "sig-proxy", Value: true, Usage: "pass signals that the command gets on to the container"},
		&cli.StringFlag{Name: "on-client-exit", Usage: "what happens to a foreground container when this command dies: kill, stop or keep (default: kill)"},
	}
}

func flag(name, usage string, aliases ...string) cli.Flag {
	return &cli.BoolFlag{Name: name, Aliases: aliases, Usage: usage, DisableDefaultText: true}
}

func text(name, usage string, aliases ...string) cli.Flag {
	return &cli.StringFlag{Name: name, Aliases: aliases, Usage: usage}
}

// list is a flag that may be given again; blanks and commas stay as they are.
func list(name, usage string, aliases ...string) cli.Flag {
	return &cli.StringSliceFlag{Name: name, Aliases: aliases, Usage: usage, KeepSpace: true}
}

func processFlags() []cli.Flag {
	return []cli.Flag{
		list("attach", "attach to stdin, stdout or stderr: a foreground container has all three", "a"),
		flag("interactive", "keep stdin open", "i"),
		flag("tty", "give the container a terminal", "t"),
		list("env", "set an environment variable: K=V, or K for the caller's value", "e"),
		list("env-file", "read environment variables from a `FILE`"),
		text("workdir", "working directory inside the container", "w"),
		text("user", "user: name|uid[:group|gid]", "u"),
		list("group-add", "further group of the user"),
		text("entrypoint", "replace the image's entrypoint; the empty word removes it"),
		text("stop-signal", "signal that asks the container to stop (default: the image's, else SIGTERM)"),
		&cli.IntFlag{Name: "stop-timeout", Usage: "seconds from the stop signal to KILL; -1: no limit", DefaultText: "10"},
		list("ulimit", "limit of setrlimit(2): name=soft[:hard]"),
	}
}

func identityFlags() []cli.Flag {
	return []cli.Flag{
		text("name", "name of the container"),
		text("hostname", "host name of the container", "h"),
		text("domainname", "NIS domain name of the container"),
		list("label", "label: K[=V]", "l"),
		list("label-file", "read labels from a `FILE`"),
		list("annotation", "annotation for the OCI runtime: K=V"),
		text("cidfile", "write the container's id to a new `FILE`"),
		flag("rm", "remove the container and its anonymous volumes when it ends"),
		text("restart", "restart when it ends: no, always, unless-stopped or on-failure[:max]"),
		text("pull", "pull the image: always, missing or never (default: missing)"),
		flag("quiet", "no progress of the pull", "q"),
		text("platform", "platform of the image: os/arch[/variant]"),
		text("runtime", "OCI runtime: a path or a name (default: the one built in)"),
		text("log-driver", "json-file or none"),
		list("log-opt", "option of the log driver: K=V"),
	}
}

func networkFlags() []cli.Flag {
	return []cli.Flag{
		list("network", "bridge, none, host, container:NAME, ns:PATH or a network: NAME or name=NAME,alias=A,ip=ADDRESS", "net"),
		list("network-alias", "further name of the container on its network", "net-alias"),
		text("ip", "IPv4 address on the network"),
		text("ip6", "IPv6 address on the network"),
		text("mac-address", "MAC address on the network"),
		list("publish", "publish a port, or a range, on the host: [ip:][host]:container[/proto]", "p"),
		flag("publish-all", "publish all exposed ports, on ports of the kernel's choice", "P"),
		list("expose", "expose a port or a range: port[/proto]"),
		list("add-host", "line of /etc/hosts: name:ip, or name:host-gateway"),
		list("dns", "address of a name server"),
		list("dns-search", "domain to search names in"),
		list("dns-option", "option of resolv.conf", "dns-opt"),
	}
}

func mountFlags() []cli.Flag {
	return []cli.Flag{
		list("volume", "volume or folder of the host: [source:]destination[:options]", "v"),
		list("mount", "mount: type=bind|volume|tmpfs,source=…,target=…[,readonly]…"),
		list("tmpfs", "tmpfs at a path: destination[:options]"),
		flag("read-only", "make the container's root read-only"),
		text("shm-size", "size of /dev/shm (default: 64m)"),
		list("device", "device of the host: host[:container][:rwm]"),
	}
}

func rightsFlags() []cli.Flag {
	return []cli.Flag{
		list("cap-add", "add a capability, or ALL"),
		list("cap-drop", "take a capability away, or ALL"),
		flag("privileged", "all capabilities and devices, no seccomp filter and no masked path"),
		list("security-opt", "seccomp=FILE|unconfined, no-new-privileges, systempaths=unconfined"),
	}
}

func limitFlags() []cli.Flag {
	return []cli.Flag{
		text("memory", "limit of memory (least: 6m)", "m"),
		text("memory-swap", "limit of memory and swap together; -1: no limit of swap (default: twice the memory)"),
		text("memory-reservation", "memory that is left to the container when memory is short"),
		text("cpus", "number of processors: 1.5"),
		&cli.Uint64Flag{Name: "cpu-shares", Aliases: []string{"c"}, Usage: "weight against other containers (1024 is the usual one)", DefaultText: "1024"},
		&cli.Uint64Flag{Name: "cpu-period", Usage: "period of the scheduler, in microseconds", DefaultText: "100000"},
		&cli.Int64Flag{Name: "cpu-quota", Usage: "time of each period, in microseconds", DefaultText: "no limit"},
		text("cpuset-cpus", "processors to run on: 0-3,5"),
		text("cpuset-mems", "memory nodes to use: 0,1"),
		&cli.Int64Flag{Name: "pids-limit", Usage: "number of processes and threads; -1: no limit", DefaultText: "no limit"},
		flag("oom-kill-disable", "stop instead of killing at the limit of memory (cgroup v1)"),
		&cli.IntFlag{Name: "oom-score-adj", Usage: "how likely the kernel kills it when memory is short: -1000 to 1000", DefaultText: "0"},
	}
}

func namespaceFlags() []cli.Flag {
	return []cli.Flag{
		text("pid", "PID namespace: host"),
		text("ipc", "IPC namespace: private, none or host"),
		text("uts", "UTS namespace: host"),
		text("cgroupns", "cgroup namespace: private or host"),
		text("cgroup-parent", "cgroup below which the container's is made"),
		list("sysctl", "kernel setting of the container: K=V"),
	}
}
