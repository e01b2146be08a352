package rpc

import (
	"encoding/binary"
	"io"
)

// Frame types and flags of RFC 9113, section 6.
const (
	frameData         = 0
	frameHeaders      = 1
	frameReset        = 3
	frameSettings     = 4
	framePing         = 6
	frameGoAway       = 7
	frameWindowUpdate = 8
	frameContinuation = 9

	flagEndStream  = 1
	flagAck        = 1
	flagEndHeaders = 4
	flagPadded     = 8
	flagPriority   = 32

	settingWindow = 4

	resetCancel = 8
)

const (
	preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	// maxFrame is the largest frame that either side may send: the protocol's
	// initial value, which neither changes.
	maxFrame = 16 << 10
	// initialWindow is how much a peer takes before it says otherwise.
	initialWindow = 65535
	// window is how much a stream, and the connection, takes from the peer.
	window = 64 << 20
)

type frame struct {
	kind, flags byte
	stream      uint32
	data        []byte
}

func appendFrame(b []byte, kind, flags byte, stream uint32, data []byte) []byte {
	n := len(data)
	b = append(b, byte(n>>16), byte(n>>8), byte(n), kind, flags)
	b = binary.BigEndian.AppendUint32(b, stream)
	return append(b, data...)
}

// readFrame reads one frame; its data is new memory.
func readFrame(r io.Reader) (frame, error) {
	var head [9]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return frame{}, err
	}
	n := int(head[0])<<16 | int(head[1])<<8 | int(head[2])
	if n > maxFrame {
		return frame{}, fail(Internal, "a frame of %d bytes", n)
	}
	f := frame{kind: head[3], flags: head[4], stream: binary.BigEndian.Uint32(head[5:]) &^ (1 << 31), data: make([]byte, n)}
	_, err := io.ReadFull(r, f.data)
	return f, err
}

// payload is the data without padding and priority.
func (f frame) payload() ([]byte, error) {
	b := f.data
	if f.flags&flagPadded != 0 {
		if len(b) == 0 || int(b[0]) >= len(b) {
			return nil, fail(Internal, "a frame with wrong padding")
		}
		b = b[1 : len(b)-int(b[0])]
	}
	if f.kind == frameHeaders && f.flags&flagPriority != 0 {
		if len(b) < 5 {
			return nil, fail(Internal, "a headers frame that is cut off")
		}
		b = b[5:]
	}
	return b, nil
}

// hello is what a client sends first: preface, settings, and a larger window
// for the connection.
func hello() []byte {
	b := []byte(preface)
	settings := binary.BigEndian.AppendUint16(nil, settingWindow)
	settings = binary.BigEndian.AppendUint32(settings, window)
	b = appendFrame(b, frameSettings, 0, 0, settings)
	return appendFrame(b, frameWindowUpdate, 0, 0, binary.BigEndian.AppendUint32(nil, window-initialWindow))
}
