package webtest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// Handlers in other forms than that of package net/http.
type (
	plain  = func(http.ResponseWriter, *http.Request)
	around = func(http.ResponseWriter, *http.Request, http.HandlerFunc)
)

type hostAround struct{ name string }

func (h hostAround) ServeHTTP(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	w.Header().Add("X-Host", h.name)
	fmt.Fprintf(w, "%s(", h.name)
	next(w, r)
	fmt.Fprint(w, ")")
}

// answerBy lets a function answer a request.
func answerBy(target string, serve func(http.ResponseWriter, *http.Request)) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	serve(w, httptest.NewRequest("GET", target, nil))
	return w
}

// testExchanges: functions of the module that take a response and a request, with others.
func (s suite) testExchanges(t *testing.T) {
	m := s.Testdata(t, "web", 0)
	type key struct{}
	next := func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %v", r.URL.Path, r.Header.Get("X-Seen"), r.Context().Value(key{}))
	}

	w := answerBy("/hello?name=ann", gosuite.Bound[plain](t, m, "Hello"))
	assert.Equal(t, 202, w.Code)
	assert.Equal(t, "hello ann", w.Body.String())
	assert.Equal(t, "/hello", w.Header().Get("X-Hello"))

	for name, serve := range map[string]func(http.ResponseWriter, *http.Request){
		"Around": func(w http.ResponseWriter, r *http.Request) { gosuite.Bound[around](t, m, "Around")(w, r, next) },
		"AroundFunc": func(w http.ResponseWriter, r *http.Request) {
			gosuite.Bound[func(http.ResponseWriter, *http.Request, func(http.ResponseWriter, *http.Request))](t, m, "AroundFunc")(w, r, next)
		},
		"by name": func(w http.ResponseWriter, r *http.Request) {
			_, err := m.Call(r.Context(), "Around", []any{w, r, next})
			assert.NoError(t, err)
		},
	} {
		w := answerBy("/x", func(w http.ResponseWriter, r *http.Request) {
			serve(w, r.WithContext(context.WithValue(r.Context(), key{}, "value")))
		})
		assert.Equal(t, "/x around value after", w.Body.String(), name)
		assert.Equal(t, "GET", w.Header().Get("X-Around"), name)
	}
	w = answerBy("/x", func(w http.ResponseWriter, r *http.Request) { gosuite.Bound[around](t, m, "Wrapped")(w, r, next) })
	assert.Equal(t, "/x  <nil> 9 bytes", w.Body.String())

	type param struct{ Key, Value string }
	params := []param{{"id", "7"}, {"all", "x/y"}}
	w = answerBy("/x", func(w http.ResponseWriter, r *http.Request) {
		gosuite.Bound[func(http.ResponseWriter, *http.Request, []param)](t, m, "Params")(w, r, params)
	})
	assert.Equal(t, "id=7;all=x/y;", w.Body.String())
	assert.Equal(t, []param{{"id", "seen"}, {"all", "seen"}}, params, "what the handler changes is changed here")

	fails := gosuite.Bound[func(http.ResponseWriter, *http.Request) error](t, m, "Fails")
	w = answerBy("/good", func(w http.ResponseWriter, r *http.Request) { assert.NoError(t, fails(w, r)) })
	assert.Equal(t, "fine", w.Body.String())
	w = answerBy("/bad", func(w http.ResponseWriter, r *http.Request) { assert.EqualError(t, fails(w, r), "no way: bad") })
	assert.Empty(t, w.Body.String())
	w = answerBy("/counted", func(w http.ResponseWriter, r *http.Request) {
		n, err := gosuite.Bound[func(context.Context, http.ResponseWriter, string, *http.Request) (int, error)](t, m, "Counted")(r.Context(), w, "at ", r)
		assert.NoError(t, err)
		assert.Equal(t, 11, n)
	})
	assert.Equal(t, "at /counted", w.Body.String())
	w = answerBy("/x", func(w http.ResponseWriter, r *http.Request) {
		err := gosuite.Bound[func(http.ResponseWriter, *http.Request, http.HandlerFunc) error](t, m, "Breaks")(w, r, next)
		var panicked *engine.PanicError
		require.ErrorAs(t, err, &panicked)
		assert.Equal(t, "broken", panicked.Value)
	})
	assert.Equal(t, "yes", w.Header().Get("X-Broke"))
	own := errors.New("own")
	answerBy("/x", func(w http.ResponseWriter, r *http.Request) {
		defer func() { assert.ErrorIs(t, recover().(error), own) }()
		gosuite.Bound[around](t, m, "Around")(w, r, func(http.ResponseWriter, *http.Request) { panic(own) })
	})
	answerBy("/x", func(w http.ResponseWriter, r *http.Request) {
		defer func() { assert.Equal(t, http.ErrAbortHandler, recover()) }()
		gosuite.Bound[around](t, m, "Around")(w, r, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	})
}

// testExchangesOfHost: such functions, and values with such methods, that the host gives.
func (s suite) testExchangesOfHost(t *testing.T) {
	m := s.Testdata(t, "web", 0)
	last := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) })
	stack := gosuite.Bound[func(http.Handler) *engine.Object](t, m, "NewStack")(last)
	useFunc, err := load.Method[func(around)](stack, "UseFunc")
	require.NoError(t, err)
	useFunc(hostAround{"a"}.ServeHTTP)
	use, err := load.Method[func(interface {
		ServeHTTP(http.ResponseWriter, *http.Request, http.HandlerFunc)
	})](stack, "Use")
	require.NoError(t, err)
	use(hostAround{"b"})
	h, err := load.As[http.Handler](stack)
	require.NoError(t, err)
	w := answerBy("/x", h.ServeHTTP)
	assert.Equal(t, "a(b(/x))", w.Body.String())
	assert.Equal(t, []string{"a", "b"}, w.Header()["X-Host"])
	first, err := load.Method[func() around](stack, "First")
	require.NoError(t, err)
	w = answerBy("/y", func(w http.ResponseWriter, r *http.Request) { first()(w, r, last) })
	assert.Equal(t, "a(/y)", w.Body.String())
	direct, err := load.Method[plain](stack, "ServeHTTP")
	require.NoError(t, err)
	assert.Equal(t, "a(b(/z))", answerBy("/z", direct).Body.String())

	wrap := func(name string) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { hostAround{name}.ServeHTTP(w, r, next.ServeHTTP) })
		}
	}
	chained := gosuite.Bound[func(http.Handler, ...func(http.Handler) http.Handler) http.Handler](t, m, "Chain")(last, wrap("c"), wrap("d"))
	assert.Equal(t, "c(d(/w))", answerBy("/w", chained.ServeHTTP).Body.String())

	hooked := gosuite.Bound[func(struct {
		OnError  func(http.ResponseWriter, *http.Request, string)
		Fallback http.HandlerFunc
	}) http.Handler](t, m, "WithHooks")(struct {
		OnError  func(http.ResponseWriter, *http.Request, string)
		Fallback http.HandlerFunc
	}{func(w http.ResponseWriter, r *http.Request, text string) { http.Error(w, text, http.StatusTeapot) }, last})
	assert.Equal(t, "/fine", answerBy("/fine", hooked.ServeHTTP).Body.String())
	w = answerBy("/bad", hooked.ServeHTTP)
	assert.Equal(t, http.StatusTeapot, w.Code)
	assert.Equal(t, "bad path\n", w.Body.String())

	fallback := gosuite.Bound[func(plain) http.Handler](t, m, "WithFallback")(last)
	assert.Equal(t, "/fallback", answerBy("/fallback", fallback.ServeHTTP).Body.String())

	judge := gosuite.Bound[func(func(http.ResponseWriter, *http.Request, *int) (bool, error)) http.Handler](t, m, "Judge")
	own := errors.New("own")
	judged := judge(func(w http.ResponseWriter, r *http.Request, mark *int) (bool, error) {
		*mark = 7
		fmt.Fprint(w, "judged")
		return true, own
	})
	assert.Equal(t, "judged true own 7", answerBy("/x", judged.ServeHTTP).Body.String())
	_, err = m.Bind("Judge", reflect.TypeFor[func(func(*http.Request, http.ResponseWriter, *int) (bool, error)) http.Handler]())
	gosuite.WantError(t, err, "http.ResponseWriter stays in the module")
}
