// Package stamp is a middleware that says who answered.
package stamp

import "net/http"

const by = "stamp"

// New returns a handler that marks each answer and leaves it to next.
func New(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Answered-By", by)
		next.ServeHTTP(w, r)
	})
}
