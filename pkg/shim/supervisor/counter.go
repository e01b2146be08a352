package supervisor

import (
	"net"
	"sync"
	"time"
)

// counter counts what is under way: answers to clients, connections. Other than
// a sync.WaitGroup it may be added to while somebody waits.
type counter struct {
	mu   sync.Mutex
	n    int
	idle chan struct{} // closed when n falls to 0; nil: nobody waits
}

func (a *counter) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.n++
}

func (a *counter) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.n--; a.n == 0 && a.idle != nil {
		close(a.idle)
		a.idle = nil
	}
}

// wait waits until there is none, for at most limit, and reports whether that
// came.
func (a *counter) wait(limit time.Duration) bool {
	a.mu.Lock()
	if a.n == 0 {
		a.mu.Unlock()
		return true
	}
	if a.idle == nil {
		a.idle = make(chan struct{})
	}
	idle := a.idle
	a.mu.Unlock()
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-idle:
		return true
	case <-t.C:
		return false
	}
}

// countedListener counts the connections that are open.
type countedListener struct {
	net.Listener
	open counter
}

// Accept implements net.Listener.
func (l *countedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.open.begin()
	return &countedConn{Conn: c, closed: sync.OnceFunc(l.open.end)}, nil
}

type countedConn struct {
	net.Conn
	closed func()
}

// Close implements net.Conn.
func (c *countedConn) Close() error {
	defer c.closed()
	return c.Conn.Close()
}
