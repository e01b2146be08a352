package spec

import (
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// The low halves of the ioctls by which the owner of a file takes it out of its
// project, and so from under a limit: type and number of FS_IOC_FSSETXATTR and of
// FS_IOC_SETFLAGS (linux/fs.h), the same for 32-bit programs. The high halves are
// sizes, which the kernel takes as they are.
const (
	setAttributes = 'X'<<8 | 32
	setFlags      = 'f'<<8 | 2
)

// keepProjects takes these ioctls from a filter that allows all of them. file_setattr,
// which does the same, is not among what the filter allows.
func keepProjects(f *specs.LinuxSeccomp) {
	all := false
	for i := range f.Syscalls {
		s := &f.Syscalls[i]
		if s.Action == specs.ActAllow && len(s.Args) == 0 && slices.Contains(s.Names, "ioctl") {
			s.Names = slices.DeleteFunc(slices.Clone(s.Names), func(n string) bool { return n == "ioctl" })
			all = true
		}
	}
	if !all {
		return
	}
	for _, a := range except(setAttributes, setFlags) {
		f.Syscalls = append(f.Syscalls, specs.LinuxSyscall{Names: []string{"ioctl"}, Action: specs.ActAllow, Args: []specs.LinuxSeccompArg{a}})
	}
}

// except are conditions of the second argument of which one holds for every number
// whose low 16 bits are none of those. A filter can only compare what is left of a
// mask: each condition is a beginning that no excepted number has, and that is as
// short as it can be.
func except(numbers ...uint64) []specs.LinuxSeccompArg {
	var out []specs.LinuxSeccompArg
	var split func(bits int, begin uint64)
	split = func(bits int, begin uint64) {
		mask := uint64(0xffff) << (16 - bits) & 0xffff
		if !slices.ContainsFunc(numbers, func(n uint64) bool { return n&mask == begin }) {
			out = append(out, specs.LinuxSeccompArg{Index: 1, Value: mask, ValueTwo: begin, Op: specs.OpMaskedEqual})
			return
		}
		if bits < 16 {
			split(bits+1, begin)
			split(bits+1, begin|1<<(15-bits))
		}
	}
	split(0, 0)
	return out
}
