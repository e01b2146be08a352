// Package ttrpc is containerd's protocol between itself and a shim, calls with
// one message each way (PROTOCOL.md of github.com/containerd/ttrpc), with the
// messages of pkg/wire. The library of that name brings gRPC's and protobuf's
// generated code, which every supervisor would initialize, and keep in memory
// beside its container.
package ttrpc

import (
	"encoding/binary"
	"io"

	"github.com/pouchcontainer/pouch/pkg/wire"
)

// Message types.
const (
	typeRequest  = 1
	typeResponse = 2
)

const (
	headerSize = 10
	// maxData bounds the data of a frame, bytes.
	maxData = 4 << 20
)

type frame struct {
	stream uint32
	kind   byte
	flags  byte
	data   []byte
}

// request begins a call.
type request struct {
	Service string `pb:"1"`
	Method  string `pb:"2"`
	Payload []byte `pb:"3"`
	Timeout int64  `pb:"4"` // nanoseconds; 0: none
}

// response ends it.
type response struct {
	Status  status `pb:"1"`
	Payload []byte `pb:"2"`
}

// status is google.rpc.Status.
type status struct {
	Code    int32  `pb:"1"`
	Message string `pb:"2"`
}

// readFrame reads a frame; one that is too large is passed over, and tooLarge is
// true.
func readFrame(r io.Reader) (f frame, tooLarge bool, err error) {
	var head [headerSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return f, false, err
	}
	n := binary.BigEndian.Uint32(head[:])
	f = frame{stream: binary.BigEndian.Uint32(head[4:]), kind: head[8], flags: head[9]}
	if n > maxData {
		_, err := io.CopyN(io.Discard, r, int64(n))
		return f, true, err
	}
	f.data = make([]byte, n)
	_, err = io.ReadFull(r, f.data)
	return f, false, err
}

func writeFrame(w io.Writer, stream uint32, kind byte, m any) error {
	data := wire.Marshal(m)
	if len(data) > maxData {
		return errTooLarge
	}
	b := binary.BigEndian.AppendUint32(make([]byte, 0, headerSize+len(data)), uint32(len(data)))
	b = binary.BigEndian.AppendUint32(b, stream)
	_, err := w.Write(append(append(b, kind, 0), data...))
	return err
}
