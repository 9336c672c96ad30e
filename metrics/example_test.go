package metrics_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/native"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/builtin"
	"github.com/loadgo/load/metrics"
)

func ExampleHandler() {
	events := new(metrics.Events)
	l, err := load.New(load.Config{Path: find.Path{builtin.New()}, Engines: []engine.Engine{native.New()}, Events: events.Sink()})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	defer l.Close(ctx)
	if err := l.Register("greet", map[string]any{"Hello": func() string { return "hello" }}); err != nil {
		log.Fatal(err)
	}
	if _, err := l.Load(ctx, "greet"); err != nil {
		log.Fatal(err)
	}
	w := httptest.NewRecorder()
	metrics.Handler(l, events).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, "load_modules ") {
			fmt.Print(line)
		}
	}
	// Output:
	// load_modules 1
}
