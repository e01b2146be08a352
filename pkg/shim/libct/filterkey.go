package libct

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"

	"github.com/opencontainers/runc/libcontainer/configs"
)

// filterKey names a filter by what it is made from, this program's build
// included: another libseccomp may compile otherwise.
func filterKey(c *configs.Seccomp) (string, error) { //nolint:unused // a build with the patched libcontainer calls it (pouch_bpf)
	st, err := os.Stat("/proc/self/exe")
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintln(h, st.Size(), st.ModTime().UnixNano())
	h.Write(profileText(c))
	return hex.EncodeToString(h.Sum(nil)), nil
}

// profileText is a text that two profiles share only when they are equal. It is
// written by hand: encoding/json would learn the types in every supervisor anew.
func profileText(c *configs.Seccomp) []byte {
	t := text{b: make([]byte, 0, 16<<10)}
	t.number(int(c.DefaultAction))
	t.count(len(c.Architectures))
	for _, a := range c.Architectures {
		t.word(a)
	}
	t.count(len(c.Flags))
	for _, f := range c.Flags {
		t.word(string(f))
	}
	t.optional(c.DefaultErrnoRet)
	t.word(c.ListenerPath)
	t.word(c.ListenerMetadata)
	t.count(len(c.Syscalls))
	for _, s := range c.Syscalls {
		t.syscall(s)
	}
	return t.b
}

type text struct{ b []byte }

func (t *text) syscall(s *configs.Syscall) {
	t.word(s.Name)
	t.number(int(s.Action))
	t.optional(s.ErrnoRet)
	t.count(len(s.Args))
	for _, a := range s.Args {
		t.b = strconv.AppendUint(t.b, uint64(a.Index), 10)
		t.b = append(t.b, ' ')
		t.b = strconv.AppendUint(t.b, a.Value, 10)
		t.b = append(t.b, ' ')
		t.b = strconv.AppendUint(t.b, a.ValueTwo, 10)
		t.b = append(t.b, ' ')
		t.number(int(a.Op))
	}
}

func (t *text) number(n int) { t.b = append(strconv.AppendInt(t.b, int64(n), 10), ' ') }

func (t *text) count(n int) { t.number(n) }

// word is written with its length before it, so that no two lists look the same.
func (t *text) word(s string) {
	t.number(len(s))
	t.b = append(t.b, s...)
}

func (t *text) optional(n *uint) {
	if n == nil {
		t.b = append(t.b, '-')
		return
	}
	t.b = append(strconv.AppendUint(t.b, uint64(*n), 10), ' ')
}
