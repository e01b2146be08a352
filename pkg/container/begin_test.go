package container

import (
	"context"
	"testing"
	"time"

	"github.com/pouchcontainer/pouch/pkg/ctl"
	"github.com/pouchcontainer/pouch/pkg/record"
)

// A signal that comes while the supervisor starts the container is for the
// container: its process may have spoken before the supervisor does.
func TestBeginOutlivesASignal(t *testing.T) {
	w := newWorld(t)
	c := w.add("c1", record.State{Status: record.Created}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	w.supervise(c.ID, func(conn *ctl.Conn) {
		if _, _, err := conn.Recv(); err != nil {
			return
		}
		cancel()
		time.Sleep(30 * time.Millisecond) // nothing tells that begin has noticed
		conn.Send(&ctl.Message{Op: ctl.Started})
	})
	conn, err := ctl.Dial(w.Store.ControlSocket(c.ID))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := (&supervisor{conn: conn}).begin(ctx); err != nil {
		t.Error(err)
	}
}
