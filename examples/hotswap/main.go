// Command hotswap serves HTTP through a middleware in a directory, and takes each change of its code
// without a restart and without losing a request. It is run from the root of the repository:
//
//	go run ./examples/hotswap
//
// A version that does not compile, or whose New fails, is logged, and the one before it serves on.
package main

import (
	"context"
	"log"
	"net/http"

	"github.com/loadgo/load"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/middleware"
	"github.com/loadgo/load/standard"
)

func main() {
	ctx := context.Background()
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello\n")) })
	l, handler, err := through(ctx, "./examples/hotswap/stamp", hello, event.Print(log.Writer()))
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close(ctx)
	log.Print("listening on http://localhost:8080; change stamp.go and ask again")
	log.Print(http.ListenAndServe("localhost:8080", handler))
}

// through returns a handler that passes requests through the middleware in dir to next.
func through(ctx context.Context, dir string, next http.Handler, events load.Sink) (*load.Loader, http.Handler, error) {
	l, err := standard.New(load.Config{Events: events})
	if err != nil {
		return nil, nil, err
	}
	stamped := load.Derive(l, dir, func(ctx context.Context, m *load.Module) (http.Handler, error) {
		create, err := load.Func[func(context.Context, http.Handler) (http.Handler, error)](m, "New")
		if err != nil {
			return nil, err
		}
		return create(ctx, next)
	})
	if _, err := stamped.Get(ctx); err != nil { // now, and not at the first request
		return nil, nil, err
	}
	return l, middleware.Handler(stamped, nil), l.Watch(ctx)
}
