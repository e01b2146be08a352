package spec

import (
	"slices"
	"testing"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestAppArmor(t *testing.T) {
	for _, tc := range []struct {
		asked      string
		has, privl bool
		want       string
		kind       errs.Kind
	}{
		{asked: "", has: true, want: DefaultAppArmor},
		{asked: "", has: true, privl: true},
		{asked: "mine", has: true, privl: true, want: "mine"},
		{asked: "unconfined", has: true},
		{asked: ""},
		{asked: "unconfined"},
		{asked: "mine", kind: errs.Unsupported},
	} {
		c, h := testContainer(), testHost()
		c.Host.AppArmor, c.Host.Privileged, h.AppArmor = tc.asked, tc.privl, tc.has
		s, err := Build(c, h)
		if tc.kind != "" {
			if !errs.Is(err, tc.kind) {
				t.Errorf("%+v: %v", tc, err)
			}
			continue
		}
		if err != nil || s.Process.ApparmorProfile != tc.want {
			t.Errorf("%+v: %v", tc, err)
		}
	}
}

func TestSELinuxElsewhere(t *testing.T) {
	c, h := testContainer(), testHost()
	c.Host.SELinux = []string{"disable"}
	if _, err := Build(c, h); err != nil {
		t.Error(err)
	}
	c.Host.SELinux = []string{"type:mine_t"}
	if _, err := Build(c, h); !errs.Is(err, errs.Unsupported) {
		t.Errorf("a label without SELinux: %v", err)
	}
	h.SELinux = true
	if _, err := Build(c, h); err != nil {
		t.Error(err)
	}
}

func TestMaskedPaths(t *testing.T) {
	build := func(change func(*record.Host)) (masked, readonly []string) {
		c, h := testContainer(), testHost()
		change(&c.Host)
		s, err := Build(c, h)
		if err != nil {
			t.Fatal(err)
		}
		return s.Linux.MaskedPaths, s.Linux.ReadonlyPaths
	}
	masked, readonly := build(func(h *record.Host) {
		h.UnmaskPaths, h.MaskPaths = []string{"/proc/k*", "/proc/sys"}, []string{"/etc/passwd", "/proc/scsi"}
	})
	for p, want := range map[string]bool{"/proc/kcore": false, "/proc/keys": false, "/proc/acpi": true, "/etc/passwd": true} {
		if slices.Contains(masked, p) != want {
			t.Errorf("%s masked: %v", p, !want)
		}
	}
	if slices.Contains(readonly, "/proc/sys") || !slices.Contains(readonly, "/proc/bus") {
		t.Errorf("read-only: %v", readonly)
	}
	if i := slices.Index(masked, "/proc/scsi"); i < 0 || slices.Contains(masked[i+1:], "/proc/scsi") {
		t.Errorf("masked: %v", masked)
	}
	if masked, readonly = build(func(h *record.Host) { h.UnmaskPaths = []string{"ALL"} }); len(masked)+len(readonly) > 0 {
		t.Errorf("ALL: %v, %v", masked, readonly)
	}
	if masked, _ = build(func(h *record.Host) { h.Privileged, h.MaskPaths = true, []string{"/a"} }); !slices.Equal(masked, []string{"/a"}) {
		t.Errorf("privileged: %v", masked)
	}
}
