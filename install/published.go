package install

import (
	"context"
	"errors"
	"time"

	"github.com/loadgo/load/find"
)

// Dater is an optional ability of an installer: Published returns when a version of a module was
// published, the zero time if nobody knows.
type Dater interface {
	Published(ctx context.Context, s *Session, m find.ModuleVersion) (time.Time, error)
}

// Published returns when the modules of a spec's build list were published, in their order, as the
// first installer says that knows such times. A time that nobody can be asked for is the zero time.
func Published(ctx context.Context, s *Session, installers []Installer, spec *find.Spec) ([]time.Time, error) {
	times := make([]time.Time, len(spec.BuildList))
	for i, m := range spec.BuildList {
		if m.Path == spec.Module && m.Version == spec.Version || m.Path == spec.Name {
			times[i] = spec.Time.UTC()
			continue
		}
		for _, installer := range installers {
			dater, ok := installer.(Dater)
			if !ok || find.IsURL(m.Path) {
				continue
			}
			at, err := dater.Published(ctx, s, m)
			if err != nil && !errors.Is(err, ErrOffline) {
				return nil, err
			}
			times[i] = at.UTC()
			break
		}
	}
	return times, nil
}
