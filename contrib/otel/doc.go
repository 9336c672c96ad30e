// Package otel tells OpenTelemetry what a loader does: a span for each load, with one for each of
// its steps below it, and the figures of the modules that run. It is a module of its own, so that
// package load needs nothing of OpenTelemetry.
//
//	telemetry, err := otel.New(otel.Options{})                                // the global providers
//	l, err := standard.New(load.Config{Events: telemetry.Sink()})
//	stop, err := telemetry.Observe(l)
//
// Spans are "load NAME" and, below it, "find", "resolve", "download", "install", "compile" and
// "open"; a reload is "reload NAME". They are made when the load has ended, with the times at which it
// and its steps began. Events do not carry the context of the load, so each load begins a trace.
//
// Instruments are load.modules, load.module.calls, load.module.errors, load.module.running,
// load.module.objects, load.module.memory (bytes) and load.events; with [Durations] also the
// histogram load.module.call.duration (seconds).
package otel
