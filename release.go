package load

import (
	"context"
	"slices"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/store"
)

// noteRelease notes in the store which release of its toolchain an engine compiled with.
func (l *Loader) noteRelease(ctx context.Context, eng engine.Engine) error {
	released, ok := eng.(engine.Released)
	if !ok {
		return nil
	}
	release, err := released.Release()
	if err != nil {
		return err
	}
	return l.config.Store.NoteRelease(ctx, release)
}

// compiledBefore returns what some release compiled of a source, if there is no toolchain to
// compile it now, and that release.
func (l *Loader) compiledBefore(eng engine.Engine, spec *Spec) (string, *store.Artifact) {
	released, ok := eng.(engine.Released)
	if !ok || l.config.Store == nil || spec.Source.Hash == "" {
		return "", nil
	}
	if _, missing := released.Release(); missing == nil {
		return "", nil
	}
	for _, release := range l.config.Store.Releases() {
		key := artifactKey(eng, released.FingerprintOf(release), ofRelease(spec, release).Source)
		if files, err := l.config.Store.Lookup(key); err == nil && files != nil {
			return release, files
		}
	}
	return "", nil
}

// asCompiledBefore returns a standard package that was found without a toolchain as that of the
// release that compiled it.
func (l *Loader) asCompiledBefore(spec *Spec) *Spec {
	if !isStandard(spec) || spec.Source.Dir != "" || spec.Source.Prepared {
		return spec
	}
	engine, err := l.choose(spec)
	if err != nil {
		return spec // the load says so
	}
	if release, _ := l.compiledBefore(engine, spec); release != "" {
		return ofRelease(spec, release)
	}
	return spec
}

// ofRelease returns a spec as it is with another release of the toolchain: the version of a
// standard package is the release, and its hash names that.
func ofRelease(s *Spec, release string) *Spec {
	if !isStandard(s) || s.Version == release {
		return s
	}
	other, source := *s, *s.Source.Go
	other.Version = release
	other.Source.Hash = strings.Replace(s.Source.Hash, "go:"+s.Version+"/", "go:"+release+"/", 1)
	source.Along = slices.Clone(source.Along)
	for i, c := range source.Along {
		if c.Version == s.Version {
			source.Along[i].Version = release
		}
	}
	other.Source.Go = &source
	return &other
}
