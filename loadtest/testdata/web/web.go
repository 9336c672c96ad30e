// Package web has HTTP handlers in the shapes that packages have them.
package web

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"sort"
	"strings"
	"testing/fstest"
	"time"
)

// Config configures New, as the plugins of a well-known proxy are configured.
type Config struct {
	Header  string            `json:"header,omitempty"`
	Values  []string          `json:"values,omitempty"`
	Extra   map[string]string `json:"extra,omitempty"`
	Rules   []Rule            `json:"rules,omitempty"`
	Timeout time.Duration     `json:"timeout,omitempty"`
}

// Rule is a part of a Config.
type Rule struct {
	Prefix string `json:"prefix"`
	Status int    `json:"status"`
}

// CreateConfig returns the default.
func CreateConfig() *Config { return &Config{Header: "X-Default"} }

type plugin struct {
	next   http.Handler
	config *Config
	name   string
}

// New makes the middleware.
func New(ctx context.Context, next http.Handler, config *Config, name string) (http.Handler, error) {
	if config.Header == "" {
		return nil, fmt.Errorf("%s: header is empty", name)
	}
	return &plugin{next, config, name}, nil
}

func (p *plugin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, rule := range p.config.Rules {
		if strings.HasPrefix(r.URL.Path, rule.Prefix) {
			http.Error(w, "blocked by "+p.name, rule.Status)
			return
		}
	}
	r.Header.Set("X-Seen", p.name)
	w.Header().Set(p.config.Header, strings.Join(p.config.Values, ","))
	p.next.ServeHTTP(w, r)
	if w.Header().Get("X-Next") != "" {
		fmt.Fprint(w, " and after")
	}
}

// Same returns its argument.
func Same(h http.Handler) http.Handler { return h }

// Upper changes the body of what next answers, with a writer of its own.
func Upper(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&upper{ResponseWriter: w}, r)
	})
}

type upper struct{ http.ResponseWriter }

func (u *upper) Write(p []byte) (int, error) {
	return u.ResponseWriter.Write([]byte(strings.ToUpper(string(p))))
}

// Echo answers with the request's body.
func Echo() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Method", r.Method+" "+r.URL.Query().Get("q")+" "+r.Host)
		_, _ = io.Copy(w, r.Body)
	})
}

// Rewrite gives next another body and another path.
func Rewrite(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r2 := r.Clone(r.Context())
		r2.URL.Path = "/rewritten"
		r2.Body = io.NopCloser(strings.NewReader("another body"))
		next.ServeHTTP(w, r2)
	})
}

// Panics panics.
func Panics() http.Handler {
	return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oops") })
}

// Wrap wraps a function.
func Wrap(f func(http.ResponseWriter, *http.Request)) http.Handler { return http.HandlerFunc(f) }

// Files of the module.
func Files() fs.FS {
	return fstest.MapFS{"a.txt": {Data: []byte("alpha")}, "dir/b.txt": {Data: []byte("beta")}}
}

// Walk lists a file system and reads its files.
func Walk(fsys fs.FS) (all []string, err error) {
	err = fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(fsys, path)
		all = append(all, path+"="+string(data))
		return err
	})
	sort.Strings(all)
	return all, err
}

// Stat tells about a file.
func Stat(fsys fs.FS, name string) (int64, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
