package quota

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/mount"
	"github.com/pouchcontainer/pouch/pkg/quota/quotatest"
)

// Where there are no quotas the error says what is missing and what to do.
func TestCheckTellsWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		name, mkfs, options string
		want                []string
	}{
		{"ext4 without the feature", "mkfs.ext4 -q -O ^quota", "defaults", []string{"tune2fs -O project,quota /dev/loop", "prjquota"}},
		{"ext4 without the option", quotatest.Ext4, "defaults", []string{"without the option prjquota", "quotaon -P "}},
		{"xfs", quotatest.XFS, "defaults", []string{"quota", "xfs"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			quotatest.Apart(t)
			at := quotatest.Disk(t, c.mkfs, c.options)
			refused(t, at, append(c.want, at)...)
		})
	}
	t.Run("tmpfs", func(t *testing.T) {
		quotatest.Apart(t)
		at := t.TempDir()
		must(t, unix.Mount("tmpfs", at, "tmpfs", 0, "size=1m"))
		defer unix.Unmount(at, 0) // the namespace ends anyway
		refused(t, at, "tmpfs at "+at, "ext4 and xfs")
	})
}

// The remedy for ext4 without the option, as quotaon(8) does it, helps.
func TestRemedy(t *testing.T) {
	quotatest.Apart(t)
	at := quotatest.Disk(t, quotatest.Ext4, "defaults")
	const quotaOn = 0x800002
	var none byte
	must(t, call(at, quotaOn, 4, unsafe.Pointer(&none)))
	must(t, Check(at))
}

func refused(t *testing.T, at string, words ...string) {
	t.Helper()
	_, cerr := Choose(at, Volumes)
	_, rerr := Read(at, Volumes)
	for _, err := range []error{Check(at), SetLimit(at, Volumes, Limit{Bytes: 1 << 20}), cerr, rerr} {
		if !errs.Is(err, errs.Unsupported) {
			t.Errorf("kind %s of %v", errs.KindOf(err), err)
			continue
		}
		for _, w := range words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%q does not say %q", err, w)
			}
		}
	}
	if err := Clear(at, Volumes); err != nil {
		t.Errorf("clear: %v", err)
	}
}

func TestCheckOfNothing(t *testing.T) {
	if err := Check(filepath.Join(t.TempDir(), "gone")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestReason(t *testing.T) {
	for want, m := range map[string]mount.Mount{
		"btrfs at /x has no project quotas":                  {Type: "btrfs", Target: "/x"},
		"unmount it, run tune2fs -O project,quota /dev/sda1": {Type: "ext4", Target: "/x", Source: "/dev/sda1"},
	} {
		if got := reason(m, 0); !strings.Contains(got, want) {
			t.Errorf("%q does not say %q", got, want)
		}
	}
	if got := reason(mount.Mount{Type: "ext4", Target: "/x"}, counted); !strings.Contains(got, "quotaon -P /x") {
		t.Errorf("%q", got)
	}
}
