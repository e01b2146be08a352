package supervisor

import (
	"os"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/record"
	"github.com/pouchcontainer/pouch/pkg/shim/engine"
)

// slowDump is a container whose checkpoint takes until it is let go.
type slowDump struct {
	engine.Container
	begun, letGo chan struct{}
}

func (d *slowDump) Checkpoint(engine.Checkpoint) error {
	close(d.begun)
	<-d.letGo
	return nil
}

// TestCheckpointIsAnswered: the supervisor does not end before who ordered a
// checkpoint, with which its container may end, was told how that went.
func TestCheckpointIsAnswered(t *testing.T) {
	ours, theirs, err := ctl.Pair()
	must(t, err)
	here, err := ctl.FromFile(ours)
	must(t, err)
	defer here.Close()
	there, err := ctl.FromFile(theirs)
	must(t, err)
	defer there.Close()
	dump := &slowDump{begun: make(chan struct{}), letGo: make(chan struct{})}
	s := &Supervisor{cfg: &Config{ID: "one"}, log: &logger{id: "one"}}
	s.tasks = map[string]*task{"one": {s: s, id: "one", rec: &record.Container{}, c: dump, phase: running}}
	c := &session{s: s, conn: there, gone: make(chan struct{})}
	dir, err := os.Open(t.TempDir())
	must(t, err)
	must(t, c.onCheckpoint(&ctl.Message{Checkpoint: &ctl.CheckpointOpts{LeaveRunning: true}}, []*os.File{dir}))
	<-dump.begun
	if s.telling.wait(0) {
		t.Error("the supervisor may end while a checkpoint is made")
	}
	close(dump.letGo)
	here.SetDeadline(time.Now().Add(time.Minute))
	m, _, err := here.Recv()
	must(t, err)
	if m.Op != ctl.OK {
		t.Errorf("the answer is %+v", m)
	}
	if !s.telling.wait(time.Minute) {
		t.Error("the answer counts as under way still")
	}
}
