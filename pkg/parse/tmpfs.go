package parse

import (
	"strconv"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/record"
)

// words that --tmpfs passes to the kernel as they are: mount(8), "FILESYSTEM-
// INDEPENDENT MOUNT OPTIONS".
const tmpfsWords = " ro rw suid nosuid dev nodev exec noexec sync async dirsync atime noatime diratime nodiratime relatime norelatime strictatime nostrictatime mand nomand private rprivate shared rshared slave rslave unbindable runbindable "

// Tmpfs reads one --tmpfs: dst[:opts]. Without others noexec, nosuid and nodev
// are in force, as in docker. size is in bytes or with a unit or a percent sign.
func Tmpfs(s string) (record.Mount, error) {
	dst, opts, _ := strings.Cut(s, ":")
	dst, err := Destination(dst)
	if err != nil {
		return record.Mount{}, invalid("tmpfs %s: %w", s, err)
	}
	m := record.Mount{Type: "tmpfs", Destination: dst}
	if opts == "" {
		return m, nil
	}
	for o := range strings.SplitSeq(opts, ",") {
		if !tmpfsOption(o) {
			return record.Mount{}, invalid("tmpfs %s: invalid tmpfs option %q", s, o)
		}
		m.Options = append(m.Options, o)
	}
	return m, nil
}

// tmpfsOption accepts an option of tmpfs(5) or a word of tmpfsWords.
func tmpfsOption(o string) bool {
	key, value, has := strings.Cut(o, "=")
	if !has {
		return o != "" && !strings.ContainsRune(o, ' ') && strings.Contains(tmpfsWords, " "+o+" ")
	}
	switch key {
	case "size", "nr_blocks", "nr_inodes":
		return tmpfsSize(value)
	case "mode":
		_, err := strconv.ParseUint(value, 8, 12)
		return err == nil
	case "uid", "gid":
		_, err := strconv.ParseUint(value, 10, 32)
		return err == nil
	case "huge":
		return value == "never" || value == "always" || value == "within_size" || value == "advise"
	}
	return false
}

// tmpfsSize accepts what the kernel's memparse reads, and a percentage.
func tmpfsSize(s string) bool {
	s = strings.TrimRight(s, "%")
	if n := len(s); n > 1 && strings.ContainsRune("kKmMgGtT", rune(s[n-1])) {
		s = s[:n-1]
	}
	_, err := strconv.ParseUint(s, 10, 63)
	return err == nil
}
