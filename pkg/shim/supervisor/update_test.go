package supervisor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/shim/cgroup"
)

// pidsMax is the limit of processes of the container's cgroup.
func (p *pouch) pidsMax() string {
	p.t.Helper()
	g, err := cgroup.OfPid(p.state().Init.Pid)
	must(p.t, err)
	for _, dir := range g.Paths() {
		if b, err := os.ReadFile(filepath.Join(dir, "pids.max")); err == nil {
			return strings.TrimSpace(string(b))
		}
	}
	p.t.Skip("needs the pids controller")
	return ""
}

// limits writes them into the record and has the supervisor read it.
func (p *pouch) limits(change func(*record.Resources), want ctl.Op) *ctl.Message {
	p.t.Helper()
	rec, err := p.store.Container(p.id)
	must(p.t, err)
	change(&rec.Host.Resources)
	must(p.t, p.store.SetContainer(rec))
	c := p.dial()
	defer c.Close()
	must(p.t, c.Send(&ctl.Message{Op: ctl.Update}))
	m, _ := p.recv(c, want)
	return m
}

func TestUpdateHoldsOverLives(t *testing.T) {
	p := newPouch(t, func(c *record.Container) {
		c.Policy.Restart.Name = "always"
		c.Host.Resources.PidsLimit = 20
	}, "sh", "-c", "trap exit TERM; while :; do sleep 0.05; done")
	p.runDetached()
	p.limits(func(r *record.Resources) { r.PidsLimit = 30 }, ctl.OK)
	if got := p.pidsMax(); got != "30" {
		t.Errorf("pids.max %s", got)
	}
	c := p.dial()
	must(t, c.Send(&ctl.Message{Op: ctl.Restart, Timeout: 5}))
	p.recv(c, ctl.OK)
	if got := p.pidsMax(); got != "30" {
		t.Errorf("pids.max of the next life: %s", got)
	}

	// What is refused changes nothing, and is tried again when asked again.
	for range 2 {
		m := p.limits(func(r *record.Resources) { r.PidsLimit, r.CpusetCpus = 40, "4000" }, ctl.Error)
		if m.Kind != string(errs.Invalid) || !strings.Contains(m.Message, "4000") {
			t.Errorf("%s: %s", m.Kind, m.Message)
		}
		if got := p.pidsMax(); got != "30" {
			t.Errorf("pids.max after a refusal: %s", got)
		}
	}
	p.limits(func(r *record.Resources) { r.PidsLimit, r.CpusetCpus = 0, "" }, ctl.OK)
	if got := p.pidsMax(); got != "max" {
		t.Errorf("pids.max without a limit: %s", got)
	}
}

func TestUpdateBetweenTwoLives(t *testing.T) {
	p := newPouch(t, func(c *record.Container) { c.Policy.Restart.Name = "always" },
		"sh", "-c", "read well </well; test $well = yes || exit 1; trap exit TERM; while :; do sleep 0.05; done")
	must(t, os.Mkdir(filepath.Dir(p.inRoot("well")), 0o755))
	must(t, os.WriteFile(p.inRoot("well"), []byte("no\n"), 0o600))
	p.runDetached()
	eventually(t, "the pauses are long", func() bool { st := p.state(); return st.Status == record.Restarting && st.Restarts > 2 })
	p.limits(func(r *record.Resources) { r.PidsLimit = 30 }, ctl.OK)
	must(t, os.WriteFile(p.inRoot("well"), []byte("yes\n"), 0o600)) // the mounted root would not see a new file
	well := time.Now()                                              // a life that began before may be about to end
	eventually(t, "it lives", func() bool { st := p.state(); return st.Status == record.Running && st.Started.After(well) })
	if got := p.pidsMax(); got != "30" {
		t.Errorf("pids.max %s", got)
	}
}
