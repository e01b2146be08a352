package starter

// Features is what the default engine, libcontainer, can do, as the runtime
// spec has it (features.md of opencontainers/runtime-spec): containerd asks for
// it, and CRI tells kubelet by it whether pods may have user namespaces and
// mounts that are read-only all the way down (rro).
const Features = `{"ociVersionMin":"1.0.0","ociVersionMax":"1.3.0",
"hooks":["prestart","createRuntime","createContainer","startContainer","poststart","poststop"],
"mountOptions":["async","atime","bind","defaults","dev","diratime","dirsync","exec","iversion","lazytime","loud",
"mand","noatime","nodev","nodiratime","noexec","noiversion","nolazytime","nomand","norelatime",
"nostrictatime","nosuid","nosymfollow","private","ratime","rbind","rdev","rdiratime","relatime",
"remount","rexec","rnoatime","rnodev","rnodiratime","rnoexec","rnorelatime","rnostrictatime",
"rnosuid","rnosymfollow","ro","rprivate","rrelatime","rro","rrw","rshared","rslave","rstrictatime",
"rsuid","rsymfollow","runbindable","rw","shared","silent","slave","strictatime","suid","symfollow",
"sync","tmpcopyup","unbindable"],
"linux":{"namespaces":["cgroup","ipc","mount","network","pid","time","user","uts"],
"cgroup":{"v1":true,"v2":true,"systemd":true,"rdma":true},
"seccomp":{"enabled":true,"actions":["SCMP_ACT_ALLOW","SCMP_ACT_ERRNO","SCMP_ACT_KILL","SCMP_ACT_KILL_PROCESS","SCMP_ACT_KILL_THREAD",
"SCMP_ACT_LOG","SCMP_ACT_NOTIFY","SCMP_ACT_TRACE","SCMP_ACT_TRAP"],
"operators":["SCMP_CMP_EQ","SCMP_CMP_GE","SCMP_CMP_GT","SCMP_CMP_LE","SCMP_CMP_LT","SCMP_CMP_MASKED_EQ",
"SCMP_CMP_NE"]},
"apparmor":{"enabled":true},"selinux":{"enabled":true},
"mountExtensions":{"idmap":{"enabled":true}},"netDevices":{"enabled":true}}}`
