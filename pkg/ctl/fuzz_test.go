package ctl

import (
	"encoding/json"
	"testing"

	"golang.org/x/sys/unix"
)

// FuzzRecv: a packet is a message or an error, leaves the connection to the next one, and
// a message that is sent on comes as it was.
func FuzzRecv(f *testing.F) {
	for _, s := range []string{`{"op":"wait"}`, `{"op":"exec","exec":{"args":["a"]},"ports":[null]}`, "null", "[]", `{"op":7}`, "{", "\x00", `{"op":"\ud800"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		if len(packet) == 0 || len(packet) > maxPacket/8 { // of which none comes; what the next message may be larger by
			return
		}
		a, b := pair(t)
		if _, err := a.c.Write(packet); err != nil {
			t.Fatal(err)
		}
		m, files, err := b.Recv()
		if len(files) > 0 || (m == nil) == (err == nil) {
			t.Fatalf("%v, %v, %d files", m, err, len(files))
		}
		if err != nil {
			m = &Message{Op: Wait}
		}
		want, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Send(m); err != nil {
			t.Fatal(err)
		}
		next, _, err := b.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(next); err != nil || string(got) != string(want) {
			t.Fatalf("%s became %s, %v", want, got, err)
		}
	})
}

// FuzzControl: what stands beside a packet is descriptors or an error; none is made up.
func FuzzControl(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, unix.CmsgSpace(4)))
	f.Add(unix.UnixCredentials(&unix.Ucred{Pid: 1}))
	f.Fuzz(func(t *testing.T, oob []byte) {
		msgs, err := unix.ParseSocketControlMessage(oob)
		if err != nil {
			if got, err := files(oob); err == nil || len(got) > 0 {
				t.Fatalf("%d descriptors of what is none", len(got))
			}
			return
		}
		for _, m := range msgs {
			if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SCM_RIGHTS {
				return // only the kernel writes those: they would be this process' own
			}
		}
		if got, err := files(oob); err != nil || len(got) > 0 {
			t.Fatalf("%d descriptors, %v", len(got), err)
		}
	})
}
