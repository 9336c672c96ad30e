package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"

	"github.com/loadgo/load"
	"github.com/loadgo/load/benchmarks/shapes/header"
	"github.com/loadgo/load/benchmarks/shapes/rewrite"
	"github.com/loadgo/load/benchmarks/shapes/token"
)

// shape is a middleware in the form of those that are published.
type shape struct {
	name, title string
	native      func(http.Handler) (http.Handler, error)
	want        string // is in the answer
}

const claims = `{"sub":"gopher","groups":["a","b"],"exp":4102444800,"iss":"benchmark"}`

var shapes = []shape{
	{"header", "adds two headers", func(next http.Handler) (http.Handler, error) {
		return header.New(context.Background(), next, header.CreateConfig(), "header")
	}, "user "},
	{"rewrite", "rewrites the answer's 2 KiB by a regular expression", func(next http.Handler) (http.Handler, error) {
		return rewrite.New(context.Background(), next, rewrite.CreateConfig(), "rewrite")
	}, "gopher@example.net"},
	{"token", "checks a JSON Web Token, hands claims on", func(next http.Handler) (http.Handler, error) {
		return token.New(context.Background(), next, token.CreateConfig(), "token")
	}, "user gopher"},
}

// body is what the handler behind the middleware answers.
var body = "user %s\n" + strings.Repeat("Write to gopher@example.com about the next line of this text.\n", 33)

// answers is the handler behind the middleware.
var answers = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	_, _ = fmt.Fprintf(w, body, r.Header.Get("X-User"))
})

var signed = token.Sign(claims, token.CreateConfig().Secret)

// request makes the request, with 15 headers and 2 KiB, and returns the answer.
func request(h http.Handler) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/api/items?q=1", strings.NewReader(body))
	for i := range 14 {
		r.Header.Set("X-Header-"+string(rune('A'+i)), "the value of a header")
	}
	r.Header.Set("Authorization", "Bearer "+signed)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// way is a way to make a middleware of a shape.
type way struct {
	name string
	make func(ctx context.Context, s shape) (http.Handler, error)
}

// ways are all of them. The loaders last until the program ends.
func (p *place) ways() []way {
	return []way{
		{"linked", func(_ context.Context, s shape) (http.Handler, error) { return s.native(answers) }},
		{"yaegi", p.interpretedShape},
		{"`load`", func(ctx context.Context, s shape) (http.Handler, error) { return p.loadedShape(ctx, s) }},
		{"`load`, `gowasm`", func(ctx context.Context, s shape) (http.Handler, error) {
			return p.loadedShape(ctx, s, load.WithEngine("gowasm"))
		}},
	}
}

// interpretedShape makes a middleware as Traefik does.
func (p *place) interpretedShape(ctx context.Context, s shape) (http.Handler, error) {
	i := interp.New(interp.Options{GoPath: p.dir, Stdout: io.Discard, Stderr: os.Stderr})
	if err := i.Use(stdlib.Symbols); err != nil {
		return nil, err
	}
	if _, err := i.Eval(`import "shapes/` + s.name + `"`); err != nil {
		return nil, err
	}
	config, err := i.Eval(s.name + ".CreateConfig()")
	if err != nil {
		return nil, err
	}
	create, err := i.Eval(s.name + ".New")
	if err != nil {
		return nil, err
	}
	made := create.Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(answers), config, reflect.ValueOf(s.name)})
	if err, _ := made[1].Interface().(error); err != nil {
		return nil, err
	}
	return made[0].Interface().(http.Handler), nil
}

// loadedShape loads a middleware.
func (p *place) loadedShape(ctx context.Context, s shape, options ...load.LoadOption) (http.Handler, error) {
	l, err := p.loader()
	if err != nil {
		return nil, err
	}
	m, err := l.Load(ctx, filepath.Join(p.dir, "src", "shapes", s.name), options...)
	if err != nil {
		return nil, err
	}
	config, err := m.Call(ctx, "CreateConfig")
	if err != nil {
		return nil, err
	}
	create, err := load.Func[func(context.Context, http.Handler, any, string) (http.Handler, error)](m, "New")
	if err != nil {
		return nil, err
	}
	return create(ctx, answers, config[0], s.name)
}
