package loadtest

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Fault answers a request in the place of the server; real is the answer that it would give.
type Fault func(w http.ResponseWriter, r *http.Request, real http.Handler)

// Fault makes the server answer a URL path badly; a path that ends in "*" stands for all that start
// so. A nil fault ends it.
func (p *ProxyServer) Fault(path string, f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f == nil {
		delete(p.faults, path)
		return
	}
	p.faults[path] = f
}

// Repair ends all faults.
func (p *ProxyServer) Repair() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.faults)
}

// fault returns the fault for a path, the exact one first; p.mu is held.
func (p *ProxyServer) fault(path string) Fault {
	if f := p.faults[path]; f != nil {
		return f
	}
	for pattern, f := range p.faults {
		if start, ok := strings.CutSuffix(pattern, "*"); ok && strings.HasPrefix(path, start) {
			return f
		}
	}
	return nil
}

// Times is a fault that ends after n requests.
func Times(n int, f Fault) Fault {
	var seen atomic.Int64
	return func(w http.ResponseWriter, r *http.Request, real http.Handler) {
		if seen.Add(1) > int64(n) {
			real.ServeHTTP(w, r)
			return
		}
		f(w, r, real)
	}
}

// Status answers with a status code and nothing else.
func Status(code int) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { w.WriteHeader(code) }
}

// HTML answers with a web page and status 200, as the log-in page of a network does.
func HTML() Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintln(w, "<!DOCTYPE html><title>Welcome</title>")
	}
}

// Redirect sends the client elsewhere.
func Redirect(url string) Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		http.Redirect(w, r, url, http.StatusFound)
	}
}

// Truncated cuts an answer off in the middle: with a Content-Length that promises more, or without
// one.
func Truncated(withLength bool) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		if withLength {
			w.Header().Set("Content-Length", "100000")
		}
		fmt.Fprint(w, "v1.0.0\nv1.")
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		panic(http.ErrAbortHandler)
	}
}

// Endless answers with bytes that never end.
func Endless() Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		block := []byte(strings.Repeat("v1.0.0\n", 8<<10))
		for {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
}

// Trickle answers with a byte now and then, for ever.
func Trickle() Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		for r.Context().Err() == nil {
			fmt.Fprint(w, "v")
			if f, ok := w.(http.Flusher); ok {
				f.Flush()
			}
			select {
			case <-r.Context().Done():
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
}

// Silent accepts the request and never answers.
func Silent() Fault {
	return func(_ http.ResponseWriter, r *http.Request, _ http.Handler) { <-r.Context().Done() }
}

// Once calls hook at the first request, and then is the fault that follows.
func Once(hook func(), f Fault) Fault {
	var once sync.Once
	return func(w http.ResponseWriter, r *http.Request, real http.Handler) {
		once.Do(hook)
		f(w, r, real)
	}
}

// Inspect shows a request's basic authorisation to see, and answers as usual.
func Inspect(see func(user, password string)) Fault {
	return func(w http.ResponseWriter, r *http.Request, real http.Handler) {
		user, password, _ := r.BasicAuth()
		see(user, password)
		real.ServeHTTP(w, r)
	}
}
