// Package header is a middleware in the shape of those that add headers: it computes next to
// nothing.
package header

import (
	"context"
	"net/http"
)

// Config is the middleware's configuration.
type Config struct {
	Headers map[string]string
}

// CreateConfig returns the configuration that the benchmark uses.
func CreateConfig() *Config {
	return &Config{Headers: map[string]string{"X-Frame-Options": "DENY", "X-Served-By": "benchmark"}}
}

type header struct {
	next   http.Handler
	config *Config
}

// New makes the middleware.
func New(_ context.Context, next http.Handler, config *Config, _ string) (http.Handler, error) {
	return &header{next: next, config: config}, nil
}

func (h *header) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, value := range h.config.Headers {
		r.Header.Set(name, value)
		w.Header().Set(name, value)
	}
	h.next.ServeHTTP(w, r)
}
