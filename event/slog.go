package event

import (
	"context"
	"log/slog"
	"reflect"
	"strings"
	"time"
)

// Slog returns a sink that logs each event: failures and crashes at level Error, what needs
// attention at Warn, output of modules at Info, everything else at Debug. The message is the
// event's kind, such as "compiled"; the rest is in attributes, of which each record has those that
// the event knows: module, version, engine, stage, duration (in seconds), error, what else the
// event holds by its own name in lower case, and last event, the kind again.
func Slog(logger *slog.Logger) Sink {
	return func(e Event) {
		level := slog.LevelDebug
		switch e.(type) {
		case Failed, Crashed, Kept:
			level = slog.LevelError
		case Deprecated, Degraded, Retrying, Evicted, Overrun, Refused, Exceeded:
			level = slog.LevelWarn
		case Output:
			level = slog.LevelInfo
		}
		if logger.Enabled(context.Background(), level) {
			logger.LogAttrs(context.Background(), level, kindOf(e), attributes(e)...)
		}
	}
}

// kindOf returns the name of the event's type in lower case.
func kindOf(e Event) string { return strings.ToLower(reflect.TypeOf(e).Name()) }

// stageOf returns the part of a module's life that an event is of.
func stageOf(e Event) string {
	switch e.(type) {
	case Found:
		return "find"
	case Resolved, Deprecated, Downloaded, Retrying, Degraded, Installed:
		return "install"
	case Compiled, Evicted:
		return "compile"
	case Opened:
		return "open"
	case Loaded, Failed:
		return "load"
	case Reloaded, Kept:
		return "reload"
	case Unloaded, Exceeded:
		return "unload"
	case Output, Overrun, Refused, Crashed:
		return "run"
	}
	return "" // waiting is part of several
}

// attributes are the event's fields, those that many events have under one name.
func attributes(e Event) []slog.Attr {
	v := reflect.ValueOf(e)
	named := v.FieldByName("Canonical").IsValid() || v.FieldByName("Module").IsValid()
	first := make(map[string]slog.Attr)
	var rest []slog.Attr
	for field, value := range v.Fields() {
		key := attributeKey(field.Name, named)
		if value.IsZero() && key != "killed" {
			continue
		}
		var a slog.Attr
		switch value := value.Interface().(type) {
		case time.Duration:
			a = slog.Float64(key, value.Seconds())
		default:
			a = slog.Any(key, value)
		}
		if key == "module" || key == "version" || key == "engine" {
			first[key] = a
		} else {
			rest = append(rest, a)
		}
	}
	if u, ok := e.(Unloaded); ok { // its name has the version in it
		if name, version, found := strings.Cut(u.Name, "@"); found {
			first["module"], first["version"] = slog.String("module", name), slog.String("version", version)
		}
	}
	var all []slog.Attr
	for _, key := range []string{"module", "version", "engine"} {
		if a, ok := first[key]; ok {
			all = append(all, a)
		}
	}
	if stage := stageOf(e); stage != "" {
		all = append(all, slog.String("stage", stage))
	}
	return append(append(all, rest...), slog.String("event", kindOf(e)))
}

// attributeKey returns the attribute that a field of an event is. named says that the event has the
// module's canonical name besides the one that was asked for.
func attributeKey(field string, named bool) string {
	switch {
	case field == "Canonical" || field == "Name" && !named:
		return "module"
	case field == "Name":
		return "name"
	case field == "Took":
		return "duration"
	case field == "Err":
		return "error"
	}
	return strings.ToLower(field)
}
