// Package headers is a middleware plugin that sets and removes headers, rewrites paths and denies
// some.
package headers

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

// Config configures the plugin.
type Config struct {
	Request  Headers   `json:"request,omitempty"`
	Response Headers   `json:"response,omitempty"`
	Cache    *Cache    `json:"cache,omitempty"`
	Rewrites []Rewrite `json:"rewrites,omitempty"`
	Deny     []string  `json:"deny,omitempty"` // regular expressions of paths
}

// Headers are changed in a request or in a response.
type Headers struct {
	Set    map[string]string `json:"set,omitempty"`
	Remove []string          `json:"remove,omitempty"`
}

// Cache tells clients how long they may keep an answer.
type Cache struct {
	MaxAge time.Duration `json:"maxAge,omitempty"`
}

// Rewrite replaces what a regular expression matches in a path.
type Rewrite struct {
	Regex       string `json:"regex,omitempty"`
	Replacement string `json:"replacement,omitempty"`
}

// CreateConfig returns the default configuration.
func CreateConfig() *Config { return &Config{} }

type rewrite struct {
	regex       *regexp.Regexp
	replacement string
}

type plugin struct {
	next     http.Handler
	config   *Config
	rewrites []rewrite
	deny     []*regexp.Regexp
}

// New makes the middleware.
func New(_ context.Context, next http.Handler, config *Config, name string) (http.Handler, error) {
	p := &plugin{next: next, config: config}
	for _, r := range config.Rewrites {
		regex, err := regexp.Compile(r.Regex)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		p.rewrites = append(p.rewrites, rewrite{regex, r.Replacement})
	}
	for _, text := range config.Deny {
		regex, err := regexp.Compile(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		p.deny = append(p.deny, regex)
	}
	return p, nil
}

func (p *plugin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, regex := range p.deny {
		if regex.MatchString(r.URL.Path) {
			http.Error(w, "forbidden", http.StatusForbidden)
			return
		}
	}
	for _, rewrite := range p.rewrites {
		r.URL.Path = rewrite.regex.ReplaceAllString(r.URL.Path, rewrite.replacement)
		r.URL.RawPath = ""
	}
	p.config.Request.apply(r.Header)
	p.next.ServeHTTP(&writer{ResponseWriter: w, plugin: p}, r)
}

func (h *Headers) apply(header http.Header) {
	for _, name := range h.Remove {
		header.Del(name)
	}
	for name, value := range h.Set {
		header.Set(name, value)
	}
}

// writer changes the header when it is written.
type writer struct {
	http.ResponseWriter
	plugin *plugin
	wrote  bool
}

func (w *writer) WriteHeader(status int) {
	if !w.wrote {
		w.wrote = true
		w.plugin.config.Response.apply(w.Header())
		if cache := w.plugin.config.Cache; cache != nil {
			w.Header().Set("Cache-Control", "max-age="+strconv.Itoa(int(cache.MaxAge.Seconds())))
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) Write(data []byte) (int, error) {
	if !w.wrote {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(data)
}

// Unwrap lets an http.ResponseController find what the writer has not.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
