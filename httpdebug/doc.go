// Package httpdebug serves a page about a loader: what runs, what each module exports and was
// given, what imports what, how long the last loads took, and what is in the store.
//
//	recorder := httpdebug.NewRecorder(0)
//	l, err := standard.New(load.Config{Events: recorder.Sink()})
//	http.Handle("/debug/load/", httpdebug.Handler(l, httpdebug.Options{Recorder: recorder}))
//
// Each page is JSON with ?format=json, or for a request that accepts application/json. The pages
// need no script; if it runs, figures and events follow by server-sent events.
//
// The handler asks nobody who they are, as net/http/pprof does not: serve it where only those come
// who may see the paths, names, errors and output of modules. It changes nothing unless
// [Options.Control] is set.
package httpdebug
