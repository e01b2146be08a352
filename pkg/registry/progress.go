package registry

import (
	"strings"

	"go.podman.io/image/v5/types"
)

// relay returns the channel that the library reports on, and what ends it and
// waits for the last report. tell may be nil.
func relay(tell func(Event)) (chan types.ProgressProperties, func()) {
	ch := make(chan types.ProgressProperties, 16)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for p := range ch {
			if tell != nil {
				tell(event(p))
			}
		}
	}()
	return ch, func() { close(ch); <-done }
}

func event(p types.ProgressProperties) Event {
	return Event{
		Digest: p.Artifact.Digest,
		Size:   p.Artifact.Size,
		Offset: int64(p.Offset),
		Config: strings.Contains(p.Artifact.MediaType, "config") || strings.HasSuffix(p.Artifact.MediaType, "image.v1+json"),
		Done:   p.Event == types.ProgressEventDone || p.Event == types.ProgressEventSkipped,
		Had:    p.Event == types.ProgressEventSkipped,
	}
}
