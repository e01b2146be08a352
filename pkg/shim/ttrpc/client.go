package ttrpc

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"time"

	"github.com/pouchcontainer/pouch/pkg/wire"
)

// Client makes one call after the other. Not for use by several goroutines.
type Client struct {
	conn net.Conn
	r    *bufio.Reader
	next uint32
}

// Dial connects to the unix socket at path.
func Dial(ctx context.Context, path string) (*Client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	return &Client{conn: conn, r: bufio.NewReader(conn), next: 1}, nil
}

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }

// Call makes a call. Of an error that is no *Error the connection is broken: the
// answer may be to come.
func (c *Client) Call(ctx context.Context, service, method string, req, res any) error {
	defer context.AfterFunc(ctx, func() { c.conn.SetDeadline(time.Unix(1, 0)) })()
	r := request{Service: service, Method: method, Payload: wire.Marshal(req)}
	if at, ok := ctx.Deadline(); ok {
		r.Timeout = max(int64(time.Until(at)), 1)
	}
	stream := c.next
	c.next += 2
	if err := writeFrame(c.conn, stream, typeRequest, r); err != nil {
		return err
	}
	f, tooLarge, err := readFrame(c.r)
	switch {
	case err != nil:
		return err
	case tooLarge || f.kind != typeResponse || f.stream != stream:
		return fmt.Errorf("ttrpc: not an answer to %s/%s", service, method)
	}
	var out response
	if err := wire.Unmarshal(f.data, &out); err != nil {
		return err
	}
	if out.Status.Code != 0 {
		return &Error{out.Status.Code, out.Status.Message}
	}
	return wire.Unmarshal(out.Payload, res)
}
