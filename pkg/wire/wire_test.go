package wire_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	tasks "github.com/containerd/containerd/api/runtime/task/v3"
	containers "github.com/containerd/containerd/api/services/containers/v1"
	"github.com/containerd/containerd/api/types"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pouchcontainer/pouch/pkg/wire"
)

type container struct {
	ID      string            `pb:"1"`
	Labels  map[string]string `pb:"2"`
	Image   string            `pb:"3"`
	Spec    *wire.Any         `pb:"5"`
	Created wire.Timestamp    `pb:"8"`
	Sandbox string            `pb:"11"`
	Local   int               // no field of the message
}

// TestContainer: what is written is what the generated code reads, and the other
// way round; fields that are not named are passed over.
func TestContainer(t *testing.T) {
	want := &containers.Container{
		ID: "a", Labels: map[string]string{"x": "1", "": "2", "y": ""}, Image: "b",
		Spec: &anypb.Any{TypeUrl: "u", Value: []byte{0, 1, 255}}, Sandbox: "s",
		CreatedAt: &timestamppb.Timestamp{Seconds: -5, Nanos: 999999999},
	}
	mine := container{
		ID: "a", Labels: want.Labels, Image: "b", Spec: &wire.Any{TypeURL: "u", Value: []byte{0, 1, 255}},
		Created: wire.Time(time.Unix(-5, 999999999)), Sandbox: "s", Local: 7,
	}
	got := &containers.Container{}
	if err := proto.Unmarshal(wire.Marshal(&mine), got); err != nil || !proto.Equal(got, want) {
		t.Errorf("written: %v, %v", got, err)
	}
	want.Snapshotter, want.Runtime = "passed over", &containers.Container_Runtime{Name: "x"}
	b, err := proto.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var read container
	if err := wire.Unmarshal(b, &read); err != nil {
		t.Fatal(err)
	}
	if mine.Local = 0; !reflect.DeepEqual(read, mine) {
		t.Errorf("read %+v, want %+v", read, mine)
	}
}

func TestLists(t *testing.T) {
	want := &tasks.CreateTaskRequest{ID: "i", Terminal: true, Rootfs: []*types.Mount{
		{Type: "overlay", Options: []string{"a=b", "", "c"}}, {}, {Source: "s"},
	}}
	type mount struct {
		Type    string   `pb:"1"`
		Source  string   `pb:"2"`
		Options []string `pb:"4"`
	}
	type create struct {
		ID       string  `pb:"1"`
		Rootfs   []mount `pb:"3"`
		Terminal bool    `pb:"4"`
	}
	mine := create{"i", []mount{{Type: "overlay", Options: []string{"a=b", "", "c"}}, {}, {Source: "s"}}, true}
	got := &tasks.CreateTaskRequest{}
	if err := proto.Unmarshal(wire.Marshal(mine), got); err != nil || !proto.Equal(got, want) {
		t.Errorf("written: %v, %v", got, err)
	}
	b, err := proto.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var read create
	if err := wire.Unmarshal(b, &read); err != nil || !reflect.DeepEqual(read, mine) {
		t.Errorf("read %+v, %v", read, err)
	}
}

type numbers struct {
	U   uint64    `pb:"1"`
	I   int32     `pb:"2"`
	F   float64   `pb:"3"`
	Us  []uint64  `pb:"4"`
	Fs  []float64 `pb:"5"`
	Bs  [][]byte  `pb:"6"`
	Sub *numbers  `pb:"20"`
}

func TestNumbers(t *testing.T) {
	want := numbers{1 << 63, -1, 0.5, []uint64{0, 1, 300}, []float64{0, -1.5}, [][]byte{{1}, {2, 3}}, &numbers{U: 1, Sub: &numbers{}}}
	var got numbers
	if err := wire.Unmarshal(wire.Marshal(want), &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	// Repeated numbers that are not packed are as good: encoding, "packed".
	got = numbers{}
	if err := wire.Unmarshal([]byte{4 << 3, 1, 4 << 3, 2}, &got); err != nil || !reflect.DeepEqual(got.Us, []uint64{1, 2}) {
		t.Errorf("%v, %v", got.Us, err)
	}
}

func TestMalformed(t *testing.T) {
	whole := wire.Marshal(numbers{F: 1, Us: []uint64{1, 2}, Sub: &numbers{U: 300}})
	for _, b := range [][]byte{
		{0x80},
		{1<<3 | 2, 5, 1},
		{3<<3 | 1, 1, 2},
		{9<<3 | 3},
		{9<<3 | 5, 1}, // cut off, or of no wire type
		{1<<3 | 2, 1, 0},
		{3 << 3, 1},
		{20 << 3, 1}, // another type than the field's
		{4<<3 | 2, 1, 0x80},
		{20<<3 | 2 | 0x80, 1, 1, 8},
		whole[:len(whole)-1],
	} {
		if err := wire.Unmarshal(b, &numbers{}); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%v: %v", b, err)
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add(wire.Marshal(numbers{U: 1, F: 2, Us: []uint64{3}, Bs: [][]byte{{4}}, Sub: &numbers{I: -1}}))
	f.Add(wire.Marshal(container{ID: "a", Labels: map[string]string{"k": "v"}, Spec: &wire.Any{TypeURL: "t"}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var n numbers
		if wire.Unmarshal(b, &n) == nil {
			var again numbers
			if err := wire.Unmarshal(wire.Marshal(n), &again); err != nil {
				t.Errorf("%v: read once, and not again: %v", b, err)
			}
		}
		wire.Unmarshal(b, &container{})
	})
}
