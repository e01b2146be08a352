package registry

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/pouchcontainer/pouch/pkg/errs"
	"github.com/pouchcontainer/pouch/test/registrytest"
)

// big is an image of one layer that nothing compresses.
func big(t *testing.T, n int) registrytest.Image {
	t.Helper()
	return registrytest.Build(t, registrytest.Kind{}, registrytest.Tar(t, registrytest.File{Name: "noise", Body: registrytest.Noise(n)}))
}

// A connection that breaks in the middle is gone on with, and no byte comes twice
// where the registry knows ranges. The library asks again once by itself.
func TestBrokenConnections(t *testing.T) {
	img := big(t, 1<<20)
	layer := img.Layers[0]
	for name, c := range map[string]struct {
		fault *registrytest.Fault
		o     Options
		kind  errs.Kind
		most  int // bytes of the layer that are sent
	}{
		"cut three times":        {&registrytest.Fault{Cut: 300 << 10}, Options{Retry: 1}, "", len(layer)},
		"cut, never again":       {&registrytest.Fault{Cut: 300 << 10}, Options{}, errs.Unavailable, 601 << 10},
		"ends early":             {&registrytest.Fault{Cut: 300 << 10, Polite: true}, Options{Retry: 1}, "", len(layer)},
		"stalls":                 {&registrytest.Fault{Cut: 500 << 10, Stall: true}, Options{Retry: 9, Idle: 5 * time.Second}, "", len(layer)},
		"stalls for ever":        {&registrytest.Fault{Cut: 1, Stall: true}, Options{Retry: 2, Idle: 100 * time.Millisecond}, errs.Unavailable, 4},
		"no ranges":              {&registrytest.Fault{Cut: 300 << 10, Times: 1, NoRange: true}, Options{Retry: 1}, "", 2*len(layer) + 301<<10},
		"ranges are an error":    {&registrytest.Fault{Cut: 300 << 10, Times: 1, BadRange: true}, Options{Retry: 1}, "", 2*len(layer) + 301<<10},
		"500 in between":         {&registrytest.Fault{Cut: 400 << 10, Then: http.StatusInternalServerError}, Options{Retry: 3}, "", len(layer)},
		"429 in between":         {&registrytest.Fault{Cut: 400 << 10, Then: http.StatusTooManyRequests}, Options{Retry: 3}, "", len(layer)},
		"a byte now and then":    {&registrytest.Fault{Cut: 1}, Options{Retry: 2}, errs.Unavailable, 6},
		"the wrong part (a lie)": {&registrytest.Fault{Cut: 300 << 10, WrongRange: true}, Options{Retry: 1}, errs.Corrupt, 2 * len(layer)},
		"404 in between":         {&registrytest.Fault{Cut: 400 << 10, Then: http.StatusNotFound}, Options{Retry: 3}, errs.NotFound, 801 << 10},
		"403 in between":         {&registrytest.Fault{Cut: 400 << 10, Then: http.StatusForbidden}, Options{Retry: 3}, errs.Denied, 801 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			c.fault.Path = digest.FromBytes(layer).Encoded()
			r := registrytest.Start(t, registrytest.Options{Front: c.fault.Front()})
			r.Push(t, "x", "1", img)
			c.o.RetryDelay = time.Millisecond
			st := newMemory()
			_, err := pull(t, st, r.Host+"/x:1", c.o, Watcher{})
			if c.kind == "" && err != nil || c.kind != "" && !errs.Is(err, c.kind) {
				t.Errorf("%v, want kind %q", err, c.kind)
			}
			if got := c.fault.Sent(); got > c.most {
				t.Errorf("%d bytes of the layer were sent, want %d at most", got, c.most)
			}
			if c.kind == "" && !bytes.Equal(st.blobs[digest.FromBytes(layer)], layer) {
				t.Error("the layer is not what it was")
			}
		})
	}
}
