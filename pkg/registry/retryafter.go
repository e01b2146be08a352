package registry

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// longestRetryAfter is how long nobody is asked at most because a registry said so, each
// time; the library has the same bound for what it waits itself.
const longestRetryAfter = time.Minute

// patience is until when the last registry that could not answer wants to be left alone.
// The zero value is nobody's wish. Safe for concurrent use.
type patience struct {
	mu    sync.Mutex
	until time.Time
}

// listening returns a context whose requests p hears the answers of.
func (p *patience) listening(ctx context.Context) context.Context {
	return withAnswers(ctx, p.heard)
}

func (p *patience) heard(status int, header http.Header) {
	if status != http.StatusTooManyRequests && status < http.StatusInternalServerError {
		return
	}
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until = now.Add(min(retryAfter(header.Get("Retry-After"), now), longestRetryAfter))
}

// rest is how long that is from now on; not positive: it is over.
func (p *patience) rest() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Until(p.until)
}

// retryAfter is what the header says, seconds or a date (RFC 9110, 10.2.3), as a time
// from now; 0: nothing.
func retryAfter(value string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
