// Package ratelimit is a middleware plugin that limits how many requests a client sends in an
// interval.
package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Config configures the plugin.
type Config struct {
	Requests int           `json:"requests,omitempty"` // in an interval
	Per      time.Duration `json:"per,omitempty"`      // the interval
	Key      Key           `json:"key,omitempty"`
	Token    string        `json:"token,omitempty"` // the header that is counted by, with the key "token"

	now func() time.Time
}

// Key says by what requests are counted: "address" or "token".
type Key string

func (k Key) valid() bool { return k == "address" || k == "token" }

// CreateConfig returns the default configuration: ten requests of an address in a second.
func CreateConfig() *Config {
	return &Config{Requests: 10, Per: time.Second, Key: "address", now: time.Now}
}

// Limiter is the middleware.
type Limiter struct {
	next   http.Handler
	name   string
	config *Config

	mu    sync.Mutex
	since time.Time
	seen  map[string]int
}

// New makes the middleware. It counts anew in every interval until the context ends; from then on
// it lets nothing pass.
func New(ctx context.Context, next http.Handler, config *Config, name string) (http.Handler, error) {
	switch {
	case config.Requests <= 0 || config.Per <= 0:
		return nil, errors.New("requests and per must be positive")
	case !config.Key.valid():
		return nil, fmt.Errorf("key %q is neither address nor token", config.Key)
	}
	l := &Limiter{next: next, name: name, config: config, since: config.now(), seen: map[string]int{}}
	go l.reset(ctx)
	return l, nil
}

func (l *Limiter) reset(ctx context.Context) {
	ticks := time.NewTicker(l.config.Per)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			l.mu.Lock()
			l.seen = nil
			l.mu.Unlock()
			return
		case now := <-ticks.C:
			l.mu.Lock()
			l.since, l.seen = now, map[string]int{}
			l.mu.Unlock()
		}
	}
}

func (l *Limiter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get(l.config.Token)
	if l.config.Key == "address" {
		key, _, _ = net.SplitHostPort(r.RemoteAddr)
	}
	left, ok := l.take(key)
	w.Header().Set("X-Ratelimit-Remaining", fmt.Sprint(left))
	if !ok {
		http.Error(w, l.name+": too many requests", http.StatusTooManyRequests)
		return
	}
	l.next.ServeHTTP(w, r)
}

func (l *Limiter) take(key string) (left int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen == nil || l.seen[key] >= l.config.Requests {
		return 0, false
	}
	l.seen[key]++
	return l.config.Requests - l.seen[key], true
}
