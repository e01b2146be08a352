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
		&cli.StringFlag{Name: "on-client-exit", Usage: "`WHAT` happens to a foreground container when this command dies: kill, stop or keep (default: kill)"},
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
		list("attach", "attach to `STREAM` stdin, stdout or stderr: a foreground container has all three", "a"),
		flag("interactive", "keep stdin open", "i"),
		flag("tty", "give the container a terminal", "t"),
		list("env", "set `KEY=VALUE`, or pass KEY from here", "e"),
		list("env-file", "read variables from `FILE`"),
		text("workdir", "`FOLDER` in the container to run in", "w"),
		text("user", "`USER[:GROUP]` by name or id", "u"),
		list("group-add", "further `GROUP` of the user"),
		text("entrypoint", "`COMMAND` in place of the image's entrypoint; the empty word removes it"),
		text("stop-signal", "`SIGNAL` that asks the container to stop (default: the image's, else TERM)"),
		&cli.IntFlag{Name: "stop-timeout", Usage: "`SECONDS` from the stop signal to KILL; -1: for ever (default: 10)"},
		list("ulimit", "limit of setrlimit(2): `NAME=SOFT[:HARD]`"),
	}
}

func identityFlags() []cli.Flag {
	return []cli.Flag{
		text("name", "`NAME` of the container"),
		text("hostname", "host `NAME` of the container", "h"),
		text("domainname", "NIS domain `NAME` of the container"),
		list("label", "label `KEY[=VALUE]`", "l"),
		list("label-file", "read labels from `FILE`"),
		list("annotation", "annotation `KEY=VALUE` for the OCI runtime"),
		text("cidfile", "write the container's id to a new `FILE`"),
		flag("rm", "remove the container and its anonymous volumes when it ends"),
		text("restart", "`WHEN` to restart: no, always, unless-stopped or on-failure[:MAX] (default: no)"),
		text("pull", "`WHEN` to pull the image: always, missing or never (default: missing)"),
		flag("quiet", "no progress of the pull", "q"),
		text("platform", "`OS/ARCH[/VARIANT]` of the image"),
		text("runtime", "OCI `RUNTIME`: a path or a name (default: the one built in)"),
		text("log-driver", "`DRIVER` json-file or none (default: json-file with -d, no log without)"),
		list("log-opt", "option `KEY=VALUE` of the log driver: max-size, max-file"),
	}
}

func networkFlags() []cli.Flag {
	return []cli.Flag{
		list("network", "`NETWORK`: bridge, none, host, container:NAME, ns:PATH or a network, NAME or name=NAME,alias=A,ip=ADDRESS", "net"),
		list("network-alias", "further `NAME` of the container on its network", "net-alias"),
		text("ip", "IPv4 `ADDRESS` on the network"),
		text("ip6", "IPv6 `ADDRESS` on the network"),
		text("mac-address", "MAC `ADDRESS` on the network"),
		list("publish", "publish a port or a range on the host: `[[IP:][HOST]:]PORT[/PROTOCOL]`", "p"),
		flag("publish-all", "publish all exposed ports, on ports of the kernel's choice", "P"),
		list("expose", "expose a port or a range: `PORT[/PROTOCOL]`"),
		list("add-host", "line of /etc/hosts: `NAME:ADDRESS`, or NAME:host-gateway"),
		list("dns", "`ADDRESS` of a name server"),
		list("dns-search", "`DOMAIN` to search names in"),
		list("dns-option", "`OPTION` of resolv.conf", "dns-opt"),
	}
}

func mountFlags() []cli.Flag {
	return []cli.Flag{
		list("volume", "volume or path of the host: `[SOURCE:]PATH[:OPTIONS]`", "v"),
		list("mount", "mount of `KEY=VALUE,…`: type=bind|volume|tmpfs,source=…,target=…[,readonly]…"),
		list("tmpfs", "tmpfs at `PATH[:OPTIONS]`"),
		flag("read-only", "make the container's root read-only"),
		text("shm-size", "`SIZE` of /dev/shm (default: 64m)"),
		list("device", "device of the host: `DEVICE[:PATH][:rwm]`"),
	}
}

func rightsFlags() []cli.Flag {
	return []cli.Flag{
		list("cap-add", "add `CAPABILITY`, or ALL"),
		list("cap-drop", "take `CAPABILITY` away, or ALL"),
		flag("privileged", "all capabilities and devices, no seccomp filter and no masked path"),
		list("security-opt", "`OPTION`: seccomp=FILE|unconfined, no-new-privileges, systempaths=unconfined"),
	}
}

func limitFlags() []cli.Flag {
	return []cli.Flag{
		text("memory", "limit of memory, `SIZE` (least: 6m)", "m"),
		text("memory-swap", "limit of memory and swap together, `SIZE`; -1: no limit of swap (default: twice the memory)"),
		text("memory-reservation", "`SIZE` of memory that is left to the container when memory is short"),
		text("cpus", "`NUMBER` of processors, as 1.5"),
		&cli.Uint64Flag{Name: "cpu-shares", Aliases: []string{"c"}, Usage: "`WEIGHT` against other containers", DefaultText: "1024"},
		&cli.Uint64Flag{Name: "cpu-period", Usage: "period of the scheduler, `MICROSECONDS`", DefaultText: "100000"},
		&cli.Int64Flag{Name: "cpu-quota", Usage: "time of each period, `MICROSECONDS`", DefaultText: "no limit"},
		text("cpuset-cpus", "processors to run on, `LIST` as 0-3,5"),
		text("cpuset-mems", "memory nodes to use, `LIST` as 0,1"),
		&cli.Int64Flag{Name: "pids-limit", Usage: "`NUMBER` of processes and threads; -1: no limit", DefaultText: "no limit"},
		flag("oom-kill-disable", "stop instead of killing at the limit of memory (cgroup v1)"),
		&cli.IntFlag{Name: "oom-score-adj", Usage: "how likely the kernel kills it when memory is short, `SCORE` from -1000 to 1000"},
	}
}

func namespaceFlags() []cli.Flag {
	return []cli.Flag{
		text("pid", "PID `NAMESPACE`: private or host (default: private)"),
		text("ipc", "IPC `NAMESPACE`: private, none or host (default: private)"),
		text("uts", "UTS `NAMESPACE`: private or host (default: private)"),
		text("cgroupns", "cgroup `NAMESPACE`: private or host (default: private, with cgroup v1 host)"),
		text("cgroup-parent", "`CGROUP` below which the container's is made"),
		list("sysctl", "kernel setting `KEY=VALUE` of the container"),
	}
}
