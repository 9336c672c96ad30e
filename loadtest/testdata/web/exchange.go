package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// Functions that answer requests in forms of their own.

// Hello is a plain handler.
func Hello(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Hello", r.URL.Path)
	w.WriteHeader(http.StatusAccepted)
	fmt.Fprintf(w, "hello %s", r.FormValue("name"))
}

// Around is a handler in negroni's form.
func Around(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	w.Header().Set("X-Around", r.Method)
	r.Header.Set("X-Seen", "around")
	next(w, r)
	fmt.Fprint(w, " after")
}

// AroundFunc is Around for a function without a name.
func AroundFunc(w http.ResponseWriter, r *http.Request, next func(http.ResponseWriter, *http.Request)) {
	Around(w, r, next)
}

// Wrapped lets next answer to a writer of its own.
func Wrapped(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	own := &recorder{ResponseWriter: w}
	next(own, r)
	fmt.Fprintf(w, " %d bytes", own.size)
}

// Param is a part of a path.
type Param struct{ Key, Value string }

// Params are in the form of httprouter. The handler marks them.
func Params(w http.ResponseWriter, r *http.Request, params []Param) {
	for i := range params {
		fmt.Fprintf(w, "%s=%s;", params[i].Key, params[i].Value)
		params[i].Value = "seen"
	}
}

// Fails is a handler that returns an error, and Counted one that returns what caddy's did.
func Fails(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Path == "/bad" {
		return fmt.Errorf("no way: %w", errBad)
	}
	fmt.Fprint(w, "fine")
	return nil
}

var errBad = errors.New("bad")

// Counted has a context before the writer, and the request after other parameters.
func Counted(ctx context.Context, w http.ResponseWriter, prefix string, r *http.Request) (int, error) {
	n, err := fmt.Fprint(w, prefix, r.URL.Path)
	return n, errors.Join(err, ctx.Err())
}

// Breaks panics after it has set a header.
func Breaks(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	w.Header().Set("X-Broke", "yes")
	panic("broken")
}

// AroundHandler is the interface of negroni's handlers.
type AroundHandler interface {
	ServeHTTP(w http.ResponseWriter, r *http.Request, next http.HandlerFunc)
}

// AroundHandlerFunc makes a function an AroundHandler.
type AroundHandlerFunc func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc)

// ServeHTTP calls the function.
func (f AroundHandlerFunc) ServeHTTP(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	f(w, r, next)
}

// Stack is a stack of handlers.
type Stack struct {
	handlers []AroundHandler
	last     http.Handler
}

// NewStack makes a stack over a handler.
func NewStack(last http.Handler) *Stack { return &Stack{last: last} }

// Use adds a handler.
func (s *Stack) Use(h AroundHandler) { s.handlers = append(s.handlers, h) }

// UseFunc adds a function.
func (s *Stack) UseFunc(f func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc)) {
	s.Use(AroundHandlerFunc(f))
}

// First is the first handler.
func (s *Stack) First() AroundHandlerFunc { return s.handlers[0].(AroundHandlerFunc) }

// ServeHTTP lets all handlers answer.
func (s *Stack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	next := s.last.ServeHTTP
	for _, h := range slices.Backward(s.handlers) {
		inner := next
		next = func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r, inner) }
	}
	next(w, r)
}

// Chain wraps a handler.
func Chain(h http.Handler, with ...func(next http.Handler) http.Handler) http.Handler {
	for _, wrap := range slices.Backward(with) {
		h = wrap(h)
	}
	return h
}

// Hooks are functions in fields.
type Hooks struct {
	OnError  func(w http.ResponseWriter, r *http.Request, text string)
	Fallback http.HandlerFunc
}

// WithHooks calls them.
func WithHooks(hooks Hooks) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bad" {
			hooks.OnError(w, r, "bad path")
			return
		}
		hooks.Fallback(w, r)
	})
}

type fallback func(w http.ResponseWriter, r *http.Request)

// WithFallback calls a function of an unexported type.
func WithFallback(f fallback) http.Handler { return http.HandlerFunc(f) }

// Judge asks a function for a verdict.
func Judge(f func(w http.ResponseWriter, r *http.Request, mark *int) (bool, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mark := 1
		ok, err := f(w, r, &mark)
		fmt.Fprintf(w, " %t %v %d", ok, err, mark)
	})
}
