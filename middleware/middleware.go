// Package middleware serves HTTP through handlers of modules that may crash, be replaced or be
// unloaded meanwhile.
//
//	create := func(ctx context.Context, m *load.Module) (http.Handler, error) {
//		wrap, err := load.Func[func(context.Context, http.Handler) (http.Handler, error)](m, "New")
//		if err != nil {
//			return nil, err
//		}
//		return wrap(ctx, next)
//	}
//	http.Handle("/", middleware.Handler(load.Derive(l, "./stamp", create), nil))
package middleware

import (
	"net/http"

	"github.com/loadgo/load"
)

// Handler returns a handler that serves each request by the handler which derived has then, so that
// it goes on after a reload, a crash or an unload. A request for which there is none, or whose
// module ends before the answer is begun, gets what onError answers, or 502 where that is nil. An
// answer that was begun is broken off as net/http does it, by a panic with [http.ErrAbortHandler].
// A panic of the module's own code panics here, as any handler's.
func Handler(derived load.Derived[http.Handler], onError func(w http.ResponseWriter, r *http.Request, err error)) http.Handler {
	if onError == nil {
		onError = func(w http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(w, http.StatusText(http.StatusBadGateway), http.StatusBadGateway)
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, err := derived.Get(r.Context())
		if err != nil {
			onError(w, r, err)
			return
		}
		module, ok := handler.(interface {
			ServeOr(w http.ResponseWriter, r *http.Request, gone func(err error))
		})
		if !ok {
			handler.ServeHTTP(w, r)
			return
		}
		module.ServeOr(w, r, func(err error) { onError(w, r, err) })
	})
}
