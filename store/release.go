package store

import (
	"context"
	"path/filepath"
	"slices"
)

// maxReleases is how many releases of toolchains are remembered.
const maxReleases = 16

// Releases returns the releases of toolchains that compiled what is in the store, the last one
// first.
func (s *Store) Releases() []string {
	var releases []string
	// Without the list, whatever the reason is, each release finds what it made itself.
	_, _ = readRecordFile(s.releasesFile(), &releases, func() (string, error) { return s.releasesFile(), nil })
	return releases
}

// NoteRelease makes a release the first of [Store.Releases].
func (s *Store) NoteRelease(ctx context.Context, release string) error {
	if first := s.Releases(); len(first) > 0 && first[0] == release {
		return nil
	}
	unlock, err := s.Lock(ctx, "releases")
	if err != nil {
		return err
	}
	defer unlock()
	others := slices.DeleteFunc(s.Releases(), func(other string) bool { return other == release })
	all := append([]string{release}, others...)
	return s.putRecordFile(s.releasesFile(), all[:min(len(all), maxReleases)])
}

func (s *Store) releasesFile() string { return filepath.Join(s.dir, "releases.json") }
