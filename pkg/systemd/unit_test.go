package systemd

import "testing"

func TestOwnGroup(t *testing.T) {
	const hybrid = "12:pids:/system.slice/a.service\n1:name=systemd:/system.slice/web.service\n0::/system.slice/b.service\n"
	for _, c := range []struct {
		text           string
		unified        bool
		wantRoot, want string
	}{
		{hybrid, false, "/sys/fs/cgroup/systemd", "/system.slice/web.service"},
		{"0::/system.slice/web.service\n", true, "/sys/fs/cgroup", "/system.slice/web.service"},
		{"0::/\n", true, "/sys/fs/cgroup", "/"},
		{"", true, "/sys/fs/cgroup", ""},
		{"nonsense\n", false, "/sys/fs/cgroup/systemd", ""},
	} {
		if root, got := ownGroup(c.text, c.unified); got != c.want || root != c.wantRoot {
			t.Errorf("%q: %s %s, want %s %s", c.text, root, got, c.wantRoot, c.want)
		}
	}
}

func TestNoUnitNoDelegation(t *testing.T) {
	t.Setenv("INVOCATION_ID", "")
	if got := Delegated(); got != "" {
		t.Errorf("%s, without a unit", got)
	}
}
