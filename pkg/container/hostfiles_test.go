package container

import (
	"testing"

	"github.com/pouchcontainer/pouch/pkg/record"
)

func TestCheckNetMode(t *testing.T) {
	joined := func() *record.Container { return &record.Container{ID: "a", NetworkMode: "container:b"} }
	if err := checkNetMode(joined(), &Options{}); err != nil {
		t.Error(err)
	}
	c := joined()
	c.Ports = []record.Port{{ContainerPort: 80}}
	if err := checkNetMode(c, &Options{}); err == nil || err.Error() != "conflicting options: port publishing and the container type network mode" {
		t.Errorf("%v", err)
	}
	if filesOf(c) != "b" || filesOf(&record.Container{ID: "a", NetworkMode: "bridge"}) != "a" {
		t.Error("whose files")
	}
}
