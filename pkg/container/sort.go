package container

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// SortWords are the orders of a list, podman's.
func SortWords() []string {
	return []string{"command", "created", "id", "image", "names", "runningfor", "size", "status"}
}

// check finds the words of o that mean nothing.
func (o ListOpts) check() error {
	if o.Sort != "" && !slices.Contains(SortWords(), o.Sort) {
		return errs.New(errs.Invalid, "invalid order %q: one of %s", o.Sort, strings.Join(SortWords(), ", "))
	}
	return o.Filters.check()
}

// order puts a list, which has the newest first, in the order of a word.
func order(list []Summary, word string) {
	text := func(of func(Summary) string) func(a, b Summary) int {
		return func(a, b Summary) int { return cmp.Compare(of(a), of(b)) }
	}
	var by func(a, b Summary) int
	switch word {
	case "command":
		by = text(func(s Summary) string { return strings.Join(s.Container.Process.Args(), " ") })
	case "created":
		by = func(a, b Summary) int { return a.Container.Created.Compare(b.Container.Created) }
	case "id":
		by = text(func(s Summary) string { return s.Container.ID })
	case "image":
		by = text(func(s Summary) string { return s.Container.Image.Name })
	case "names":
		by = text(func(s Summary) string { return s.Container.Name })
	case "runningfor":
		by = func(a, b Summary) int { return a.State.Started.Compare(b.State.Started) }
	case "size":
		by = func(a, b Summary) int { return cmp.Compare(a.Size.RW, b.Size.RW) }
	case "status":
		by = text(func(s Summary) string { return string(s.State.Status) })
	default:
		return
	}
	slices.SortStableFunc(list, by)
}
