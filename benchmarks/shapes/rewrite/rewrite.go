// Package rewrite is a middleware in the shape of those that rewrite the bodies of answers by
// regular expressions.
package rewrite

import (
	"bytes"
	"context"
	"net/http"
	"regexp"
	"strconv"
)

// Config is the middleware's configuration.
type Config struct {
	Regex       string
	Replacement string
}

// CreateConfig returns the configuration that the benchmark uses.
func CreateConfig() *Config {
	return &Config{Regex: `\b([a-z]+)@example\.(com|org)\b`, Replacement: "$1@example.net"}
}

type rewrite struct {
	next        http.Handler
	regex       *regexp.Regexp
	replacement []byte
}

// New makes the middleware.
func New(_ context.Context, next http.Handler, config *Config, _ string) (http.Handler, error) {
	regex, err := regexp.Compile(config.Regex)
	if err != nil {
		return nil, err
	}
	return &rewrite{next: next, regex: regex, replacement: []byte(config.Replacement)}, nil
}

func (h *rewrite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	own := &writer{ResponseWriter: w, status: http.StatusOK}
	h.next.ServeHTTP(own, r)
	body := h.regex.ReplaceAll(own.body.Bytes(), h.replacement)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(own.status)
	_, _ = w.Write(body)
}

// writer keeps an answer until it is rewritten.
type writer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (w *writer) WriteHeader(status int) { w.status = status }

func (w *writer) Write(p []byte) (int, error) { return w.body.Write(p) }
