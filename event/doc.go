// Package event holds what a loader tells of: the events of a load and of a module's life, and
// sinks that print, log or record them.
//
//	l, err := standard.New(load.Config{Events: event.Slog(slog.Default())})
//
// A sink of one's own switches on the type of an event:
//
//	func sink(e event.Event) {
//		switch e := e.(type) {
//		case event.Loaded:
//			log.Println(e.Name, "in", e.Took)
//		case event.Refused:
//			log.Println(e.What, "was refused:", e.Fix)
//		}
//	}
package event
