package registry

import (
	"context"
	"io"
	"math"
	"reflect"
	"time"

	"go.podman.io/image/v5/types"

	"github.com/pouchcontainer/pouch/pkg/errs"
)

// leastSpeed is how fast, bytes a second, a registry that knows no ranges must at
// least send what is to be skipped.
const leastSpeed = 256 << 10

func skipTime(offset int64) time.Duration {
	return time.Duration(float64(offset) / leastSpeed * float64(time.Second))
}

// ranged asks a registry for a blob from byte offset on (RFC 9110, 14.2), with the
// library's own endpoint, credentials and certificates. The library's method for it
// is public, GetBlobAt, but one of its arguments has a type that cannot be named
// from outside; it is made by reflection. Kind unsupported: this source has no such
// method, or will not be asked so.
func ranged(ctx context.Context, src types.ImageSource, info types.BlobInfo, offset int64) (io.ReadCloser, error) {
	call, chunk, ok := chunkCall(src)
	if !ok || len(info.URLs) > 0 {
		return nil, errs.New(errs.Unsupported, "blob %s: not in parts", info.Digest)
	}
	chunk.Index(0).FieldByName("Offset").SetUint(uint64(offset))
	chunk.Index(0).FieldByName("Length").SetUint(math.MaxUint64) // to the end
	out := call.Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(info), chunk})
	if err, _ := reflect.TypeAssert[error](out[2]); err != nil {
		if kindOf(err) == errs.Internal { // 400, 416: it does not know ranges
			return nil, errs.New(errs.Unsupported, "%w", err)
		}
		return nil, err
	}
	streams, _ := reflect.TypeAssert[chan io.ReadCloser](out[0])
	failures, _ := reflect.TypeAssert[chan error](out[1])
	return first(ctx, streams, failures)
}

// chunkCall finds GetBlobAt, and makes its list of one chunk.
func chunkCall(src types.ImageSource) (call, chunk reflect.Value, ok bool) {
	call = reflect.ValueOf(src).MethodByName("GetBlobAt")
	if !call.IsValid() {
		return call, chunk, false
	}
	t := call.Type()
	if t.NumIn() != 3 || t.NumOut() != 3 || t.In(2).Kind() != reflect.Slice || t.In(2).Elem().Kind() != reflect.Struct ||
		t.In(1) != reflect.TypeFor[types.BlobInfo]() || t.Out(0) != reflect.TypeFor[chan io.ReadCloser]() || t.Out(1) != reflect.TypeFor[chan error]() {
		return call, chunk, false
	}
	chunk = reflect.MakeSlice(t.In(2), 1, 1)
	for _, name := range []string{"Offset", "Length"} {
		if f := chunk.Index(0).FieldByName(name); !f.IsValid() || f.Kind() != reflect.Uint64 {
			return call, chunk, false
		}
	}
	return call, chunk, true
}

// first returns the one stream that was asked for.
func first(ctx context.Context, streams chan io.ReadCloser, failures chan error) (io.ReadCloser, error) {
	defer drain(streams, failures)
	for {
		select {
		case s, ok := <-streams:
			if ok {
				return s, nil
			}
			streams = nil
			if failures == nil {
				return nil, io.ErrUnexpectedEOF
			}
		case err, ok := <-failures:
			if ok {
				return nil, err
			}
			failures = nil
			if streams == nil {
				return nil, io.ErrUnexpectedEOF
			}
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// drain reads the library's channels to their ends, for which its goroutine waits.
func drain(streams chan io.ReadCloser, failures chan error) {
	go func() {
		for s := range streams {
			s.Close()
		}
	}()
	go func() {
		for range failures {
		}
	}()
}
