// Package metrics tells what a loader runs to who collects figures: as OpenMetrics text, which
// Prometheus and its like read, and as a variable of package expvar.
//
//	events := new(metrics.Events)
//	l, err := standard.New(load.Config{Events: events.Sink()})
//	http.Handle("/metrics", metrics.Handler(l, events))
//	expvar.Publish("load", metrics.Var(l, events))
//
// Package expvar serves /debug/vars on [http.DefaultServeMux] as soon as it is imported, here, too.
package metrics
