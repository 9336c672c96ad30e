package metrics

import (
	"bytes"
	"expvar"
	"net/http"

	"github.com/loadgo/load"
	"github.com/loadgo/load/report"
)

// Var returns a variable for [expvar.Publish]: an object with what [load.Loader.Info] tells as
// "loader", and the count and seconds of each kind of event as "events". The latter may be nil.
func Var(l *load.Loader, events *Events) expvar.Var {
	return expvar.Func(func() any {
		return struct {
			Loader report.Info     `json:"loader"`
			Events map[string]kind `json:"events"`
		}{l.Info(), events.all()}
	})
}

// Handler serves the figures as OpenMetrics 1.0 text. The events may be nil. It asks nobody who
// they are; names and versions of modules are labels.
//
// Modules of one name, version and engine that are built with different things are one series.
// Calls and errors of a module begin at 0 again with each new instance, as counters may.
func Handler(l *load.Loader, events *Events) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "only GET", http.StatusMethodNotAllowed)
			return
		}
		var body bytes.Buffer
		write(&body, l.Info(), events.all())
		w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
		_, _ = body.WriteTo(w)
	})
}
