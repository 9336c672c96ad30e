package web

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Background makes a handler with a goroutine that goes on until the context ends.
func Background(ctx context.Context, next http.Handler) (http.Handler, error) {
	ended := make(chan struct{})
	go func() {
		<-ctx.Done()
		close(ended)
	}()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-ended:
			http.Error(w, "ended", http.StatusGone)
		default:
			next.ServeHTTP(w, r)
		}
	}), nil
}

// Rules configure by rules that have parts which stay in the module.
type Rules struct {
	Rules []Matcher
}

// Matcher is one of the Rules.
type Matcher struct {
	Name   string
	Regexp *regexp.Regexp
}

// CreateRules returns no rules.
func CreateRules() *Rules { return &Rules{Rules: []Matcher{}} }

// Add does what decoders do to a value behind an any.
func Add(v any, names ...string) error {
	rules, ok := v.(*Rules)
	if !ok {
		return fmt.Errorf("it is a %T", v)
	}
	for _, name := range names {
		rules.Rules = append(rules.Rules, Matcher{Name: name})
	}
	return nil
}

// Names lists the rules.
func Names(r *Rules) (names []string) {
	for _, rule := range r.Rules {
		names = append(names, rule.Name)
	}
	return names
}

// Middleware makes a middleware of a kind.
func Middleware(kind string, next http.Handler) http.Handler {
	serve := map[string]func(http.Handler, http.ResponseWriter, *http.Request){
		"pass": http.Handler.ServeHTTP, "record": record, "abort": abort, "recover": recovered, "peek": peek,
		"describe": describe, "form": form, "events": events, "trailer": trailer, "hints": hints, "late": late,
		"nobody": nobody, "control": control, "wait": wait, "go": inGoroutine, "twice": twice, "timeout": timeout, "hold": hold,
		"transform": transform, "stuck": stuck, "leave": leave, "mute": mute, "defers": defers, "edits": edits, "long": long,
	}[kind]
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve(next, w, r) })
}

// recorder counts what goes through it, as middleware for metrics does.
type recorder struct {
	http.ResponseWriter
	status, size int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	r.size += len(p)
	return r.ResponseWriter.Write(p)
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func record(next http.Handler, w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Before", "kept")
	own := &recorder{ResponseWriter: w}
	next.ServeHTTP(own, r)
	fmt.Fprintf(w, "%d, %d bytes", own.status, own.size)
}

func abort(http.Handler, http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func recovered(next http.Handler, w http.ResponseWriter, r *http.Request) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			panic(p)
		default:
			http.Error(w, fmt.Sprint(p), http.StatusInternalServerError)
		}
	}()
	next.ServeHTTP(w, r)
}

// peek reads the beginning of the body and lets next have the rest.
func peek(next http.Handler, w http.ResponseWriter, r *http.Request) {
	first := make([]byte, 2)
	_, _ = io.ReadFull(r.Body, first)
	w.Header().Set("X-First", string(first))
	next.ServeHTTP(w, r)
}

func describe(next http.Handler, w http.ResponseWriter, r *http.Request) {
	if r.TLS != nil {
		fmt.Fprintf(w, "%x %s %v ", r.TLS.Version, r.TLS.ServerName, len(r.TLS.PeerCertificates))
	}
	fmt.Fprintf(w, "%s %s id=%s host=%s user=%v pattern=%s path=%q raw=%q uri=%s", r.Method, r.URL, r.PathValue("id"), r.Host, r.URL.User, r.Pattern, r.URL.Path, r.URL.RawPath, r.RequestURI)
	_, _ = io.Copy(io.Discard, r.Body)
	fmt.Fprintf(w, " form=%v trailer=%v", r.Form, r.Trailer)
	next.ServeHTTP(w, r)
}

func form(next http.Handler, w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	w.Header().Set("X-A", r.FormValue("a"))
	http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
	next.ServeHTTP(w, r)
}

func events(next http.Handler, w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).EnableFullDuplex()
	w.Header().Set("Content-Type", "text/event-stream")
	lines := bufio.NewScanner(r.Body) // a line of the client for every event
	for lines.Scan() {
		fmt.Fprintf(w, "data: %s\n\n", lines.Text())
		w.(http.Flusher).Flush()
	}
}

func trailer(_ http.Handler, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Trailer", "X-Sum")
	fmt.Fprint(w, "body")
	w.Header().Set("X-Sum", "7")
	w.Header().Set(http.TrailerPrefix+"X-More", "8")
}

func hints(next http.Handler, w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Link", "</style.css>; rel=preload")
	w.WriteHeader(http.StatusEarlyHints)
	next.ServeHTTP(w, r)
}

func late(_ http.Handler, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("X-Time", "early")
	w.WriteHeader(http.StatusTeapot)
	w.Header().Set("X-Time", "late")
	w.WriteHeader(http.StatusOK)
}

func nobody(_ http.Handler, w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusNoContent)
	fmt.Fprint(w, "not allowed")
}

func control(_ http.Handler, w http.ResponseWriter, _ *http.Request) {
	c := http.NewResponseController(w)
	_, hijacker := w.(http.Hijacker)
	deadline := c.SetWriteDeadline(time.Now().Add(time.Hour))
	fmt.Fprint(w, hijacker, " ", deadline, " ", c.SetReadDeadline(time.Time{}), " ", c.EnableFullDuplex(), " ", c.Flush())
}

// wait answers when the client has gone.
func wait(next http.Handler, w http.ResponseWriter, r *http.Request) {
	next.ServeHTTP(w, r)
	<-r.Context().Done()
	for range 100 {
		if _, err := w.Write(bytes.Repeat([]byte("late"), 16<<10)); err != nil {
			break
		}
	}
	next.ServeHTTP(w, r.WithContext(context.WithoutCancel(r.Context())))
}

func inGoroutine(next http.Handler, w http.ResponseWriter, r *http.Request) {
	var group sync.WaitGroup
	group.Add(1)
	go func() {
		defer group.Done()
		next.ServeHTTP(w, r)
	}()
	group.Wait()
}

// twice asks next again, with the same body.
func twice(next http.Handler, w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	for range 2 {
		again := r.Clone(r.Context())
		again.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, again)
	}
}

func timeout(next http.Handler, w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 20*time.Millisecond)
	defer cancel()
	next.ServeHTTP(w, r.WithContext(ctx))
}

// edits changes the request's header, and tells what next has changed in it, also where it panics.
func edits(next http.Handler, w http.ResponseWriter, r *http.Request) {
	r.Header.Set("X-Plugin", "in")
	r.Header["X-Nil"] = nil
	r.Header.Add("X-1", "more")
	r.Header.Del("X-2")
	_ = r.ParseForm()
	r.Host = "plugin.example"
	defer func() {
		p := recover()
		fmt.Fprint(w, r.Header, r.Form)
		r.Header.Set("X-Plugin", "out")
		if p != nil {
			panic(p)
		}
	}()
	next.ServeHTTP(w, r)
}

// defers answers when its goroutine ends, too.
func defers(next http.Handler, w http.ResponseWriter, r *http.Request) {
	defer func() {
		fmt.Fprint(w, " deferred")
		w.(http.Flusher).Flush()
	}()
	next.ServeHTTP(w, r)
}

// hold answers by itself what next has answered to another response.
func hold(next http.Handler, w http.ResponseWriter, r *http.Request) {
	http.TimeoutHandler(next, time.Minute, "too slow").ServeHTTP(w, r)
}

// transform changes both bodies while they flow.
func transform(next http.Handler, w http.ResponseWriter, r *http.Request) {
	r.Body = struct {
		io.Reader
		io.Closer
	}{&lower{r.Body}, r.Body}
	r.URL.Path = strings.TrimPrefix(r.URL.Path, "/api")
	r.Header.Del("X-Drop")
	next.ServeHTTP(&upper{ResponseWriter: w}, r)
}

// long makes a long header longer for next, or answers with one, and with as much as one copy of
// package io writes at once.
func long(next http.Handler, w http.ResponseWriter, r *http.Request) {
	if long := r.Header.Get("X-Long"); long != "" {
		r.Header.Set("X-Longer", long+long)
		next.ServeHTTP(w, r)
		return
	}
	w.Header().Set("X-Long", strings.Repeat("h", 40<<10))
	_, _ = w.Write(bytes.Repeat([]byte{'x'}, 32<<10))
}

type lower struct{ io.Reader }

func (l *lower) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	copy(p[:n], bytes.ToLower(p[:n]))
	return n, err
}

// silent is a body that gives nothing for ever, and never closes.
type silent struct{}

func (silent) Read([]byte) (int, error) { select {} }

func (silent) Close() error { select {} }

// stuck gives next a body that never ends.
func stuck(next http.Handler, w http.ResponseWriter, r *http.Request) {
	r.Body = silent{}
	next.ServeHTTP(w, r)
}

// last gives one byte, tells of it, and then nothing for ever.
type last struct {
	silent
	given chan struct{}
}

func (b last) Read(p []byte) (int, error) {
	p[0] = 'x'
	b.given <- struct{}{}
	return 1, nil
}

// leave goes away while next uses such a body.
func leave(next http.Handler, w http.ResponseWriter, r *http.Request) {
	b := last{given: make(chan struct{})}
	r.Body = b
	go next.ServeHTTP(w, r)
	<-b.given
}

// muted never has written.
type muted struct{ http.ResponseWriter }

func (muted) Write([]byte) (int, error) { select {} }

func mute(next http.Handler, w http.ResponseWriter, r *http.Request) { next.ServeHTTP(muted{w}, r) }
