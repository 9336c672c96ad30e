package load

import (
	"context"

	"github.com/loadgo/load/report"
)

// Waiters tells how many callers wait for the load of a name.
func Waiters(l *Loader, key string) int { return l.cache.Waiters(key) }

// Decision is what a walk decided about a name, and how it ended.
type Decision struct {
	By, Locked string
	Rulings    []report.Ruling
	Err        error
}

// Decisions returns what the walks of an explanation and of a load decide about a name.
func Decisions(ctx context.Context, l *Loader, name string) (explained, loaded Decision, err error) {
	r, err := l.request(name, nil)
	if err != nil {
		return explained, loaded, err
	}
	decision := func(to end) Decision {
		w, err := l.walk(ctx, l.session(), r, to)
		return Decision{w.by, w.pin.Entry.Name, w.rulings, err}
	}
	return decision(atRelease), decision(atSpec), nil
}
